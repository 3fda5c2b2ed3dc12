import type { CaseResult, Target } from './bench-case.ts';
import type { Spread } from './stats.ts';

/** One case as printed and written to files. null means that there is no such figure. */
export interface ResultRow {
  readonly suite: string;
  readonly case: string;
  /** Median of the rounds. */
  readonly value: number | null;
  readonly unit: string | null;
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** `value` divided by `peerValue`. */
  readonly ratio: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly peerMin: number | null;
  readonly peerMax: number | null;
  readonly rounds: number;
  readonly target: string | null;
  readonly verdict: 'reached' | 'missed' | 'not measured' | 'failed';
  readonly notes: readonly string[];
}

/** Characters kept of an error message, because some list every user. */
const LONGEST_REASON = 300;

const NOTHING = {
  value: null,
  unit: null,
  peer: null,
  peerValue: null,
  ratio: null,
  min: null,
  max: null,
  peerMin: null,
  peerMax: null,
  rounds: 0,
  target: null,
};

/** Maps the result of a case to a row. */
export function toResultRow(suite: string, name: string, result: CaseResult): ResultRow {
  if ('notMeasured' in result) {
    const notes = [`not measured: ${result.notMeasured}`];
    return { suite, case: name, ...NOTHING, verdict: 'not measured', notes };
  }
  const { value, unit, peer, target, notes = [] } = result;
  const ratio = peer === undefined ? null : value.median / peer.value.median;
  return {
    suite,
    case: name,
    value: value.median,
    unit,
    peer: peer?.name ?? null,
    peerValue: peer?.value.median ?? null,
    ratio,
    ...ends(value, peer?.value),
    rounds: value.rounds,
    target: showTarget(target, unit),
    verdict: isReached(target, target.of === 'ratio' ? ratio : value.median) ? 'reached' : 'missed',
    notes,
  };
}

/** Maps the error of a case to a row. */
export function toFailedRow(suite: string, name: string, error: unknown): ResultRow {
  const reason = error instanceof Error ? error.message : String(error);
  const notes = [`failed: ${reason.slice(0, LONGEST_REASON)}`];
  return { suite, case: name, ...NOTHING, verdict: 'failed', notes };
}

function ends(value: Spread, peer: Spread | undefined) {
  return { min: value.min, max: value.max, peerMin: peer?.min ?? null, peerMax: peer?.max ?? null };
}

function isReached({ bound, figure, alsoHolds = true }: Target, got: number | null): boolean {
  if (got === null || !alsoHolds) return false;
  return bound === 'at least' ? got >= figure : got <= figure;
}

function showTarget({ of, bound, figure }: Target, unit: string): string {
  return `${bound === 'at least' ? '≥' : '≤'} ${figure}${of === 'value' ? ` ${unit}` : ''}`;
}
