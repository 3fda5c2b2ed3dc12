import type { World } from '../world/world.ts';
import type { Spread } from './stats.ts';

/** One measurement of a suite. It can run alone. */
export interface BenchCase {
  /** Name on the command line and in every table. */
  readonly name: string;
  /** One line: the measured call, and the peer. */
  readonly doc: string;
  /** Rejects when the measurement is not valid, such as after a wrong answer. */
  run(context: BenchContext): Promise<CaseResult>;
}

/** Cases of one subject. */
export interface BenchSuite {
  readonly name: string;
  readonly cases: readonly BenchCase[];
}

/** Resources and settings that a case runs with. */
export interface BenchContext {
  readonly world: World;
  /** Rounds of each contestant. */
  readonly rounds: number;
}

/** Figures, or the reason for their absence, which is not a failure. */
export type CaseResult = Measured | { readonly notMeasured: string };

/** Figures of a case. */
export interface Measured {
  readonly value: Spread;
  /** Unit of both values, such as `pages/s`. */
  readonly unit: string;
  /** The best peer. Absent when the case has no peer. */
  readonly peer?: { readonly name: string; readonly value: Spread };
  readonly target: Target;
  /** Further findings, one line each. */
  readonly notes?: readonly string[];
}

/** Bound that a case should reach. */
export interface Target {
  /** `ratio` is the value divided by the peer's value. */
  readonly of: 'ratio' | 'value';
  readonly bound: 'at least' | 'at most';
  readonly figure: number;
  /** Further condition of the case. @defaultValue true */
  readonly alsoHolds?: boolean;
}
