import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log/logger.ts';
import { StartupError } from '../startup-error.ts';
import { type HangLimits, watchForHang } from './watch-for-hang.ts';

/** Something that runs until it is disposed. */
export interface RunningService extends AsyncDisposable {
  readonly logger: Logger;
}

/** What `superviseWorkers` needs. */
export interface WorkersOptions {
  /** How many processes, at least one. */
  readonly count: number;
  readonly logger: Logger;
  /** How long a worker that was told to end may take, in milliseconds, before it is killed. Default 15000. */
  readonly endMs?: number;
  /** When a worker that does not answer is killed and replaced. Default: after 15 s and five questions in a row. */
  readonly hang?: HangLimits;
}

const END_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Whoever lived so long did not fail at its start: the next one comes soon. */
const SETTLED_MS = 10_000;
const READY = 'rollcall:ready';
const ASK = 'rollcall:ask';
const ANSWER = 'rollcall:answer';

/** Tells the supervisor, where there is one, that this worker serves, and from then on, when asked, that it lives. */
export function reportReady(): void {
  if (!cluster.isWorker) return;
  process.on('message', (message) => {
    // The supervisor may be gone by now.
    if (message === ASK) process.send?.(ANSWER, () => {});
  });
  process.send?.(READY);
}

/** Whether this process is to supervise workers rather than to serve. */
export function isSupervisor(count: number): boolean {
  return count > 1 && cluster.isPrimary;
}

/**
 * Runs this very program in several processes that share their ports: connections are dealt to them in turn. A worker that
 * ends or hangs is replaced, at once at first and later after longer and longer pauses. Resolves when all of them serve. Disposing
 * tells all of them to drain and waits for their ends; they do not outlive this process, however it ends.
 * @throws StartupError where a worker ends before it serves; the worker has said why.
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

  // Whoever is forked anew finds the ports open, because the supervisor holds them.
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
    const tell = (signal: 'SIGTERM' | 'SIGKILL') => {
      for (const worker of this.#workers) worker.process.kill(signal);
    };
    tell('SIGTERM');
    const timer = setTimeout(tell, this.#options.endMs ?? END_MS, 'SIGKILL');
    await Promise.all([...this.#workers].map((worker) => worker.isDead() || exited(worker)));
    await Promise.all(this.#slots);
    clearTimeout(timer);
  }
}

interface Forked {
  readonly pid: number | undefined;
  /** Rejects where it ends before it serves. */
  readonly ready: Promise<void>;
  readonly ended: Promise<{ readonly how: string; readonly livedMs: number }>;
  /** Whether it gives a sign of life in time. */
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
  // Of a later one nobody waits for it.
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
