import { Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '../log/logger.ts';

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

/**
 * What graphile-worker says of itself, one step quieter. What became of jobs is left out, because it would come with their
 * payloads: `runJob` tells it.
 */
export function toWorkerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, meta) => {
    if (meta?.failure || meta?.success) return;
    logger[LEVELS[level]](`outbox: ${message}`);
  });
}
