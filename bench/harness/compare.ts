import type { Measured, Target } from './bench-case.ts';
import { type Contestant, interleave } from './interleave.ts';
import { type Spread, toSpread } from './stats.ts';

/** A comparison where more is better. */
export interface Comparison {
  readonly ours: Contestant;
  /** Those to compare with; the best of them counts. */
  readonly peers: readonly Contestant[];
  readonly unit: string;
  readonly target: Target;
  readonly rounds: number;
  /** Default 1. */
  readonly warmUps?: number;
}

/** Time for all rounds of a comparison, so that a busy machine makes a suite less exact rather than endless. */
const BUDGET_MS = 20_000;

/** Measures ours and the peers by turns. Where there are several peers, the notes tell how each did. */
export async function compare(comparison: Comparison): Promise<Measured> {
  const { ours, peers, unit, target, rounds, warmUps = 1 } = comparison;
  const figures = await interleave([ours, ...peers], { rounds, warmUps, budgetMs: BUDGET_MS });
  const spreadOf = ({ name }: Contestant) => toSpread(figures.get(name) ?? []);
  const ranked = peers
    .map((peer) => ({ name: peer.name, value: spreadOf(peer) }))
    .sort((a, b) => b.value.median - a.value.median);
  const [best] = ranked;
  return {
    value: spreadOf(ours),
    unit,
    ...(best && { peer: best }),
    target,
    notes: ranked.length > 1 ? [`peers: ${ranked.map(tell).join(', ')}`] : [],
  };
}

function tell({ name, value }: { name: string; value: Spread }): string {
  return `${name} ${Math.round(value.median)}`;
}
