import { performance } from 'node:perf_hooks';
import type { Measured, Target } from './bench-case.ts';
import { type Spread, toSpread } from './stats.ts';

/** One side of a comparison. */
export interface Contestant {
  readonly name: string;
  /** Runs one round. Returns the figure in the unit of the case. */
  measure(round: number): Promise<number>;
}

interface InterleaveOptions {
  readonly rounds: number;
  /**
   * Rounds before the others, without figures: code is compiled, connections open, database pages are read.
   */
  readonly warmUps: number;
  /** Milliseconds after which no further round begins, once each contestant has a figure. */
  readonly budgetMs: number;
}

/**
 * Runs the contestants in turns (A B A B …), so that other load on the machine affects all of them. Rounds
 * are numbered from 0, warm-ups included.
 * @returns figures of each contestant, by name
 */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, warmUps, budgetMs }: InterleaveOptions,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const figures = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const endAt = performance.now() + budgetMs;
  for (let round = 0; round < warmUps + rounds; round++) {
    if (round > warmUps && performance.now() >= endAt) break;
    for (const { name, measure } of contestants) {
      const figure = await measure(round);
      if (round >= warmUps) figures.get(name)?.push(figure);
    }
  }
  return figures;
}

/** Runs work that has `count` parts. Returns parts per second. */
export async function perSecond(count: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}

/** Share of time that this process's thread was busy. The rest it waited for other processes. */
export interface BusyShare {
  /** Runs the work and counts how busy the thread was. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Busy share of all counted time, in percent. */
  percent(): number;
}

/** Starts a count of busy and idle time. */
export function createBusyShare(): BusyShare {
  let activeMs = 0;
  let idleMs = 0;
  return {
    async during(work) {
      const start = performance.eventLoopUtilization();
      const result = await work();
      const { active, idle } = performance.eventLoopUtilization(start);
      activeMs += active;
      idleMs += idle;
      return result;
    },
    percent: () => Math.round((100 * activeMs) / (activeMs + idleMs)),
  };
}

/** A comparison in which more is better. */
export interface Comparison {
  readonly ours: Contestant;
  /** The best of them counts. */
  readonly peers: readonly Contestant[];
  readonly unit: string;
  readonly target: Target;
  readonly rounds: number;
  /** @defaultValue 1 */
  readonly warmUps?: number;
}

/** Time for all rounds of a comparison. On a busy machine a suite becomes less exact, not endless. */
const BUDGET_MS = 20_000;

/** Measures our side and the peers in turns. With several peers, a note has the figure of each. */
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
    notes: ranked.length > 1 ? [`peers: ${ranked.map(describe).join(', ')}`] : [],
  };
}

function describe({ name, value }: { name: string; value: Spread }): string {
  return `${name} ${Math.round(value.median)}`;
}
