import { standardOutput } from '../log/log-output.ts';
import { StartupError } from '../startup-error.ts';
import { type RunningService, reportReady } from './workers.ts';

/** How long the last lines may take to be written. Milliseconds. Our own choice. */
const LAST_LINES_MS = 1000;

/** What a process tells the parent that started it with a channel, before it ends because it cannot start. */
export interface StartupFault {
  /** A line for each fault, without a stack trace. */
  readonly startupFault: string;
}

/**
 * Runs a service as a process: starts it, waits to be told to end, lets it drain, exits 0.
 *
 * It is told by SIGTERM or SIGINT, and by the end of the channel to a parent that started it with one, so that it never
 * outlives its launcher. A `StartupError`, or an address that cannot be listened on, is told in one line and exits 1.
 */
export async function runProcess(start: () => Promise<RunningService>): Promise<void> {
  const told = waitForStop();
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    // What was logged before it stands before it.
    await standardOutput().settle(LAST_LINES_MS);
    const fault = explainStartup(error);
    process.stderr.write(`${fault}\n`);
    // Its log may be on a disk that is full.
    const startupFault = error instanceof StartupError ? fault : (fault.split('\n', 1)[0] ?? fault);
    process.send?.({ startupFault } satisfies StartupFault);
    return await exit(1);
  }
  reportReady();
  const why = await told;
  service.logger.info({ why }, 'draining');
  await service[Symbol.asyncDispose]();
  service.logger.info('ended');
  await exit(0);
}

async function exit(code: number): Promise<never> {
  const output = standardOutput();
  await output.settle(LAST_LINES_MS);
  // Node waits at its exit for a write that the system holds, such as one to a terminal that is stopped: for ever.
  if (output.isWriting) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

function waitForStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the launcher is gone'));
  });
}

function explainStartup(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
