import type { World } from '../world/world.ts';
import type { Spread } from './stats.ts';

/** One measurement of a suite, runnable alone. */
export interface BenchCase {
  /** As it is named on the command line and in every table. */
  readonly name: string;
  /** What is measured against what, in a line. */
  readonly doc: string;
  /** Rejects where it could not be measured properly, such as when an answer was wrong. */
  run(context: BenchContext): Promise<CaseResult>;
}

/** Cases that share a subject. */
export interface BenchSuite {
  readonly name: string;
  readonly cases: readonly BenchCase[];
}

/** What a case finds. */
export interface BenchContext {
  /** The databases and processes that the cases share; what nobody asks for is not started. */
  readonly world: World;
  /** How many rounds to measure of each contestant. */
  readonly rounds: number;
}

/** Figures; or why there are none, which is not a failure. */
export type CaseResult = Measured | { readonly notMeasured: string };

/** What a case found out. */
export interface Measured {
  readonly value: Spread;
  /** Of value and peer's value alike: `pages/s`. */
  readonly unit: string;
  /** Whoever did best of those compared with. Absent: there is nobody to compare with. */
  readonly peer?: { readonly name: string; readonly value: Spread };
  readonly target: Target;
  /** Further findings, a line each. */
  readonly notes?: readonly string[];
}

/** What is to be reached. */
export interface Target {
  /** `ratio`: value divided by the peer's value. */
  readonly of: 'ratio' | 'value';
  readonly bound: 'at least' | 'at most';
  readonly figure: number;
  /** Something else that must hold too, found out by the case. Absent: nothing. */
  readonly alsoHolds?: boolean;
}
