/** Bounds of a queue. */
export interface WorkQueueOptions {
  /** The most that is at work at once. */
  readonly concurrency: number;
  /** The most that waits for its turn; what comes then is refused. */
  readonly maxWaiting: number;
  /** What to refuse with. */
  readonly overloaded: () => Error;
}

/** Lets so much work be done at once, keeps so much more waiting, in order, and refuses the rest. */
export interface WorkQueue {
  /** Does the work in its turn. Rejects with `overloaded()` at once where too much waits already. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly waiting: number;
}

/** Makes a queue. */
export function createWorkQueue({ concurrency, maxWaiting, overloaded }: WorkQueueOptions): WorkQueue {
  const waiting: (() => void)[] = [];
  let working = 0;
  const turn = (): Promise<void> | undefined => {
    if (working < concurrency) {
      working++;
      return undefined;
    }
    if (waiting.length >= maxWaiting) throw overloaded();
    return new Promise((resolve) => waiting.push(resolve));
  };
  // Whoever is done hands its place on, so that nobody comes in between.
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else working--;
  };
  return {
    async run(work) {
      await turn();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get waiting() {
      return waiting.length;
    },
  };
}
