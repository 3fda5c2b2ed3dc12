import { UserError } from '../users/user-error.ts';

/** How many watches a process takes, and how many of them read the log at the same time. */
export interface WatchSlotsOptions {
  /** The most watches at once, those that still wait to be opened included. */
  readonly maxWatches: number;
  /**
   * The most watches that read the log at the same time, which each does to be opened and to catch up. Fewer than there are
   * connections, so that one is left for those who are told.
   */
  readonly maxReads: number;
}

/** The places of the watches of one process. A watch that cannot read yet waits for its turn, until its call ends. */
export class WatchSlots {
  readonly #options: WatchSlotsOptions;
  /** Those who wait for their turn, first come first served. */
  readonly #waiting = new Set<() => void>();
  #watches = 0;
  #reads = 0;

  constructor(options: WatchSlotsOptions) {
    this.#options = options;
  }

  /** Takes a place; disposing gives it back. Throws UserError OVERLOADED where all are taken. */
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

  /** Reads, once it is this watch's turn. Rejects with the signal's reason where that aborts before. */
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
