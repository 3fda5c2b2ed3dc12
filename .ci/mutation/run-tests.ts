import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a run of tests ended. */
export type TestRunResult = 'passed' | 'failed' | 'timed out';

const TERMINATION_MS = 10_000;

/**
 * Runs the tests whose paths contain one of `filters`, up to the first failure. A run that takes longer than `timeoutMs` is ended with
 * all processes that it started, and counts as `timed out`.
 */
export async function runTests(filters: readonly string[], timeoutMs: number): Promise<TestRunResult> {
  const child = spawn(
    'vitest',
    ['run', '--config', '.config/vitest.config.ts', '--reporter', 'dot', '--bail', '1', ...filters],
    { detached: true, stdio: 'ignore' },
  );
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const timer = new AbortController();
  const timeout = sleep(timeoutMs, 'timed out' as const, { signal: timer.signal });
  const ended = await Promise.race([exit, timeout]);
  if (ended !== 'timed out') {
    timer.abort();
    timeout.catch(() => {});
    return ended === 0 ? 'passed' : 'failed';
  }
  await endGroup(child.pid as number, exit);
  return 'timed out';
}

async function endGroup(pid: number, exit: Promise<unknown>): Promise<void> {
  process.kill(-pid, 'SIGTERM');
  const isOver = await Promise.race([exit.then(() => true), sleep(TERMINATION_MS, false)]);
  if (!isOver) process.kill(-pid, 'SIGKILL');
  await exit;
}
