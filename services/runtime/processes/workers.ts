import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log/logger.ts';
import { StartupError } from '../startup-error.ts';
import { type HangLimits, watchForHang } from './watch-for-hang.ts';

/** A service that runs until it is disposed. */
export interface RunningService extends AsyncDisposable {
  readonly logger: Logger;
}

/** Options of `superviseWorkers`. */
interface WorkersOptions {
  /** Number of worker processes, at least 1. */
  readonly count: number;
  readonly logger: Logger;
  /** The longest time that a worker may take to end before it is killed. Milliseconds. @defaultValue 15000 */
  readonly endMs?: number;
  /** Limits after which a worker is killed and replaced. @defaultValue 15 s and five checks in a row */
  readonly hang?: HangLimits;
}

const END_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/**
 * A worker that lived this long did not fail at its start, so the next pause is short again. Milliseconds.
 */
const SETTLED_MS = 10_000;
const READY = 'rollcall:ready';
const ASK = 'rollcall:ask';
const ANSWER = 'rollcall:answer';

/**
 * Reports to the supervisor, if there is one, that this worker serves, and answers its checks from then on.
 */
export function reportReady(): void {
  if (!cluster.isWorker) return;
  process.on('message', (message) => {
    // The supervisor may have exited.
    if (message === ASK) process.send?.(ANSWER, () => {});
  });
  process.send?.(READY);
}

/** Whether this process should supervise workers instead of serving. */
export function isSupervisor(count: number): boolean {
  return count > 1 && cluster.isPrimary;
}

/**
 * Runs this program in several processes that share their ports: connections are distributed in turn. A
 * worker that ends or hangs is replaced, with exponential back-off. Resolves when all workers serve.
 * Disposing drains all workers and waits for their end; they never outlive this process.
 * @throws StartupError when a worker ends before it serves; the worker has logged why
 */
export async function superviseWorkers(options: WorkersOptions): Promise<RunningService> {
  const supervisor = new Supervisor(options);
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor[Symbol.asyncDispose]();
    throw error;
  }
  return supervisor;
}

class Supervisor implements RunningService {
  readonly logger: Logger;
  readonly #options: WorkersOptions;
  readonly #slots: Promise<void>[] = [];
  readonly #workers = new Set<Worker>();
  readonly #ending = new AbortController();

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.logger = options.logger;
  }

  async start(): Promise<void> {
    const { count } = this.#options;
    await Promise.all(
      Array.from({ length: count }, async () => {
        const first = fork(this.#workers);
        await first.ready;
        this.#slots.push(this.#keep(first));
      }),
    );
    this.logger.info({ workers: count }, 'all workers serve');
  }

  // A new worker finds the ports open, because the supervisor holds them.
  async #keep(first: Forked): Promise<void> {
    let failures = 0;
    for (let forked = first; ; forked = fork(this.#workers)) {
      const { how, livedMs } = await this.#untilEnded(forked);
      if (this.#ending.signal.aborted) return;
      failures = livedMs >= SETTLED_MS ? 0 : failures + 1;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
      this.logger.error({ pid: forked.pid, how, pauseMs }, 'a worker ended and is replaced');
      await sleep(pauseMs, undefined, { signal: this.#ending.signal }).catch(() => {});
      if (this.#ending.signal.aborted) return;
    }
  }

  async #untilEnded(forked: Forked): Promise<{ readonly how: string; readonly livedMs: number }> {
    const serves = await forked.ready.then(
      () => true,
      () => false,
    );
    if (!serves) return forked.ended;
    const onHang = () => {
      this.logger.error({ pid: forked.pid }, 'a worker does not answer any more and is killed');
      forked.kill();
    };
    using _watch = watchForHang({ ask: forked.ask, onHang }, this.#options.hang);
    return await forked.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    const signalAll = (signal: 'SIGTERM' | 'SIGKILL') => {
      for (const worker of this.#workers) worker.process.kill(signal);
    };
    signalAll('SIGTERM');
    const timer = setTimeout(signalAll, this.#options.endMs ?? END_MS, 'SIGKILL');
    await Promise.all([...this.#workers].map((worker) => worker.isDead() || exited(worker)));
    await Promise.all(this.#slots);
    clearTimeout(timer);
  }
}

interface Forked {
  readonly pid: number | undefined;
  /** Rejects when the worker ends before it serves. */
  readonly ready: Promise<void>;
  readonly ended: Promise<{ readonly how: string; readonly livedMs: number }>;
  /** Whether the worker answers in time. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  readonly kill: () => void;
}

function fork(workers: Set<Worker>): Forked {
  const bornAtMs = performance.now();
  const worker = cluster.fork();
  workers.add(worker);
  const ended = exited(worker).then((how) => {
    workers.delete(worker);
    return { how, livedMs: performance.now() - bornAtMs };
  });
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message) => {
      if (message === READY) resolve();
    });
    ended.then(({ how }) => reject(new StartupError(`A worker process ended before it served: ${how}`)));
  });
  // Only the first workers are awaited.
  ready.catch(() => {});
  return {
    pid: worker.process.pid,
    ready,
    ended,
    ask: (timeoutMs) => ask(worker, timeoutMs),
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

async function ask(worker: Worker, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const listen = (message: unknown) => {
    if (message === ANSWER) resolve(true);
  };
  const timer = setTimeout(resolve, timeoutMs, false);
  worker.on('message', listen);
  worker.process.send?.(ASK, () => {});
  const isAlive = await promise;
  clearTimeout(timer);
  worker.off('message', listen);
  return isAlive;
}

function exited(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number, signal: string | null) =>
      resolve(signal ? `signal ${signal}` : `exit code ${code}`),
    );
  });
}
