import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a run of tests ended, and the first failed test where the run names one. */
export interface TestRun {
  readonly result: 'passed' | 'failed' | 'timed out';
  readonly failedTest?: string;
}

/** The part of Vitest's JSON report that the runner reads. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

// Named in `.config/vitest.mutation.config.ts`.
const REPORT = '.ci/results/mutation-run.json';
const TERMINATION_MS = 10_000;

/**
 * Runs the tests whose paths contain one of `filters`, up to the first failure. A run that takes longer than
 * `timeoutMs` is ended with all processes that it started, and counts as `timed out`.
 */
export async function runTests(filters: readonly string[], timeoutMs: number): Promise<TestRun> {
  rmSync(REPORT, { force: true });
  const child = spawn(
    'vitest',
    ['run', '--config', '.config/vitest.mutation.config.ts', '--bail', '1', ...filters],
    { detached: true, stdio: 'ignore' },
  );
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  // A process group of its own does not receive the signal that ends the runner.
  const endWithRunner = () => void process.kill(-(child.pid as number), 'SIGTERM');
  process.once('exit', endWithRunner);
  exit.catch(() => {}).finally(() => process.removeListener('exit', endWithRunner));
  const timer = new AbortController();
  const timeout = sleep(timeoutMs, 'timed out' as const, { signal: timer.signal });
  const ended = await Promise.race([exit, timeout]);
  if (ended !== 'timed out') {
    timer.abort();
    timeout.catch(() => {});
    return ended === 0 ? { result: 'passed' } : { result: 'failed', failedTest: readFailedTest() };
  }
  await endGroup(child.pid as number, exit);
  return { result: 'timed out' };
}

/**
 * The first failed test, or the file that did not load. A run that fails before its tests writes no report.
 */
function readFailedTest(): string {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch (error) {
    return `no report: ${(error as Error).message}`;
  }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  return failed?.fullName ?? report.testResults.find(({ status }) => status === 'failed')?.name ?? 'no test';
}

async function endGroup(pid: number, exit: Promise<unknown>): Promise<void> {
  process.kill(-pid, 'SIGTERM');
  const isOver = await Promise.race([exit.then(() => true), sleep(TERMINATION_MS, false)]);
  if (!isOver) process.kill(-pid, 'SIGKILL');
  await exit;
}
