import { UserError } from '../users/user-error.ts';

/** Limits on the watches of a process. */
interface WatchSlotsOptions {
  /** Maximum number of watches, including those that wait to be opened. */
  readonly maxWatches: number;
  /**
   * Maximum number of watches that read the log at the same time, to open or to catch up. It must be below
   * the number of connections, so that one is left for the tail.
   */
  readonly maxReads: number;
}

/** The slots for watches of one process. A watch waits for its turn to read until its call ends. */
export class WatchSlots {
  readonly #options: WatchSlotsOptions;
  /** Waiting watches, first come first served. */
  readonly #waiting = new Set<() => void>();
  #watches = 0;
  #reads = 0;

  constructor(options: WatchSlotsOptions) {
    this.#options = options;
  }

  /**
   * Takes a slot; disposing releases it.
   * @throws UserError OVERLOADED when all are taken.
   */
  acquire(): Disposable {
    const { maxWatches } = this.#options;
    if (this.#watches >= maxWatches) throw overloaded(maxWatches);
    this.#watches += 1;
    return {
      [Symbol.dispose]: () => {
        this.#watches -= 1;
      },
    };
  }

  /**
   * Runs a read when it is this watch's turn.
   * @throws the signal's reason when it aborts before.
   */
  async read<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#reads -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#reads < this.#options.maxReads) {
      this.#reads += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = () => {
      this.#waiting.delete(begin);
      this.#reads += 1;
      resolve();
    };
    const leave = () => {
      this.#waiting.delete(begin);
      reject(signal.reason);
    };
    this.#waiting.add(begin);
    signal.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }
}

function overloaded(maxWatches: number): UserError {
  const message = `This process has ${maxWatches} watchers and takes no more; try again elsewhere.`;
  return new UserError('OVERLOADED', message, { limit: String(maxWatches) });
}
