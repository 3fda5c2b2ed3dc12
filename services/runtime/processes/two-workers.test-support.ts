// A service of two workers without ports. A worker counts as hung after 1.5 seconds without an answer.
import cluster from 'node:cluster';
import { createLogger } from '../log/logger.ts';
import { runProcess } from './run-process.ts';
import { superviseWorkers } from './workers.ts';

const logger = createLogger({ service: 'two-workers', level: 'info' });

await runProcess(async () => {
  if (cluster.isWorker) return { logger, [Symbol.asyncDispose]: async () => {} };
  const hang = { everyMs: 50, timeoutMs: 1000, misses: 3, silentMs: 1500 };
  const supervisor = await superviseWorkers({ count: 2, logger, hang });
  const pids = Object.values(cluster.workers ?? {}).map((worker) => worker?.process.pid);
  logger.info({ pids }, 'workers');
  return supervisor;
});
