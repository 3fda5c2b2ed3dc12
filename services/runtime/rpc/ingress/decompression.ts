// zlib has four threads; more at once only hold more memory.
const MAX_AT_ONCE = 8;

/**
 * Runs decompressions, a few at once: a message of 4 KiB may become 4 MiB, and a thousand of them may
 * arrive together, before anything is known of their callers.
 */
export class DecompressionQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Decompressions that run at present. */
  get running(): number {
    return this.#running;
  }

  /** Runs one when there is room. */
  async run<T>(decompress: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await decompress();
    } finally {
      // The place passes on; nobody can take it in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** The queue of this process. */
export const decompressions = new DecompressionQueue();
