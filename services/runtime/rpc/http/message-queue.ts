/** Passes values from a sender to an async iterator, one at a time. */
interface MessageQueue<T> extends AsyncIterable<T> {
  /** Resolves when the value was taken. Rejects when the reader has left. */
  readonly push: (value: T) => Promise<void>;
  readonly end: () => void;
  readonly fail: (error: unknown) => void;
}

/** Creates an empty queue. */
export function createQueue<T>(): MessageQueue<T> {
  const waiting: { value: T; taken: () => void }[] = [];
  let finish: { error?: unknown } | undefined;
  let wake = () => {};

  async function* iterate(): AsyncGenerator<T> {
    try {
      for (;;) {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          try {
            yield next.value;
          } finally {
            next.taken();
          }
        }
        if (finish) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if ('error' in finish) throw finish.error;
    } finally {
      // The reader left early: senders must not wait without end.
      finish ??= {};
      for (const { taken } of waiting.splice(0)) taken();
    }
  }

  return {
    push: (value) =>
      new Promise((taken, reject) => {
        // The reader has left, so the sender must stop.
        if (finish) return reject(new Error('The reader is gone.'));
        waiting.push({ value, taken });
        wake();
      }),
    end: () => {
      finish ??= {};
      wake();
    },
    fail: (error) => {
      finish ??= { error };
      wake();
    },
    [Symbol.asyncIterator]: iterate,
  };
}
