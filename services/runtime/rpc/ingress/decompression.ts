// zlib has four threads; more tasks would only hold more memory.
const MAX_AT_ONCE = 8;

/**
 * Runs a few decompressions at once: a message of 4 KiB may become 4 MiB, and a thousand of them may arrive
 * together from unidentified callers.
 */
export class DecompressionQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Number of running decompressions. */
  get running(): number {
    return this.#running;
  }

  /** Runs a decompression when a slot is free. */
  async run<T>(decompress: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await decompress();
    } finally {
      // The slot passes to the next task, so that no other can take it in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** The queue of this process. */
export const decompressions = new DecompressionQueue();
