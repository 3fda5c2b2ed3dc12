import { standardOutput } from '../log/log-output.ts';
import { StartupError } from '../startup-error.ts';
import { type RunningService, reportReady } from './workers.ts';

/** The longest wait for the last log lines. Milliseconds. Our own choice. */
const LAST_LINES_MS = 1000;

/** Message to the parent process before the process ends because it cannot start. */
export interface StartupFault {
  /** A line for each fault, without a stack trace. */
  readonly startupFault: string;
}

/**
 * Runs a service as a process: starts it, waits for a signal to stop, drains it and exits with 0.
 *
 * SIGTERM and SIGINT stop it, and so does the end of the channel to a parent process, so that it never
 * outlives its launcher. A `StartupError` prints one line a fault and exits with 1.
 */
export async function runProcess(start: () => Promise<RunningService>): Promise<void> {
  const stopped = waitForStop();
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    // Log lines from before the fault are printed before it.
    await standardOutput().settle(LAST_LINES_MS);
    const fault = explainStartup(error);
    process.stderr.write(`${fault}\n`);
    // The parent may not be able to read the log, as on a full disk.
    const startupFault = error instanceof StartupError ? fault : (fault.split('\n', 1)[0] ?? fault);
    process.send?.({ startupFault } satisfies StartupFault);
    return await exit(1);
  }
  reportReady();
  const why = await stopped;
  service.logger.info({ why }, 'draining');
  await service[Symbol.asyncDispose]();
  service.logger.info('ended');
  await exit(0);
}

async function exit(code: number): Promise<never> {
  const output = standardOutput();
  await output.settle(LAST_LINES_MS);
  // Node waits for a write that the system holds, such as one to a stopped terminal, without end.
  if (output.isWriting) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

function waitForStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the launcher has exited'));
  });
}

function explainStartup(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
