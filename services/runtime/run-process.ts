import type { RunningService } from './running-service.ts';
import { StartupError } from './startup-error.ts';
import { tellReady } from './workers.ts';

/**
 * Runs a service as a process: starts it, waits to be told to end, lets it drain, exits 0.
 *
 * It is told by SIGTERM or SIGINT, and by the end of the channel to a parent that started it with one, so that it never
 * outlives its launcher. A `StartupError`, or an address that cannot be listened on, is told in one line and exits 1.
 */
export async function runProcess(start: () => Promise<RunningService>): Promise<void> {
  const told = waitToBeTold();
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${explainStartup(error)}\n`);
    process.exit(1);
  }
  tellReady();
  const why = await told;
  service.logger.info({ why }, 'draining');
  await service[Symbol.asyncDispose]();
  service.logger.info('ended');
  process.exit(0);
}

function waitToBeTold(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the launcher is gone'));
  });
}

function explainStartup(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
