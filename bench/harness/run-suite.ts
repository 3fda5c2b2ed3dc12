import type { World } from '../world/world.ts';
import type { BenchCase } from './bench-case.ts';
import { type ResultRow, toFailedRow, toResultRow } from './result-row.ts';

/** One run of a suite. */
export interface SuiteRun {
  readonly suite: string;
  readonly cases: readonly BenchCase[];
  readonly world: World;
  readonly rounds: number;
  /** Receives a line when a case starts and ends. */
  say(line: string): void;
  /** After it aborts, no further case starts. */
  readonly signal: AbortSignal;
}

/**
 * Runs the cases in order. A case that fails becomes a row with verdict `failed`, and the others still run.
 */
export async function runSuite({ suite, cases, world, rounds, say, signal }: SuiteRun): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  for (const { name, doc, run } of cases) {
    if (signal.aborted) break;
    say(`${name}: ${doc} ...`);
    const start = performance.now();
    const row = await run({ world, rounds }).then(
      (result) => toResultRow(suite, name, result),
      (error) => toFailedRow(suite, name, error),
    );
    rows.push(row);
    say(`${name}: ${row.verdict} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  return rows;
}
