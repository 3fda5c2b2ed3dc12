import { Worker } from 'node:worker_threads';

/** What a thread answers, in the order of its tasks. */
export type ThreadAnswer<Result> = { readonly result: Result } | { readonly error: unknown };

/** Bounds of a pool of threads. */
interface ThreadPoolOptions {
  /** What each thread runs: it takes every message as a task and posts a ThreadAnswer to each. */
  readonly script: URL;
  /** How many there are, and so the most that is at work at once. */
  readonly threads: number;
  /** The most that waits for its turn; what comes then is refused. */
  readonly maxWaiting: number;
  /** What to refuse with. */
  readonly overloaded: () => Error;
}

/** Threads for work that keeps a core busy. They keep no process alive. */
interface ThreadPool<Task, Result> extends AsyncDisposable {
  /** Does a task in its turn. Rejects with `overloaded()` where too much waits already, and where its thread ended. */
  run(task: Task): Promise<Result>;
  readonly waiting: number;
}

interface QueuedTask<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread<Task, Result> {
  /** Oldest first: the first is at work. */
  readonly tasks: QueuedTask<Task, Result>[];
  /** Undefined: it has not begun, or it ended; it begins with its next task. */
  worker?: Worker | undefined;
}

// One at work, and one to go on with at once: a thread that waited for its next task would leave its core idle meanwhile.
const MAX_TASKS_PER_THREAD = 2;

/** Makes a pool. Its threads begin with their first tasks. */
export function createThreadPool<Task, Result>(options: ThreadPoolOptions): ThreadPool<Task, Result> {
  const { script, maxWaiting, overloaded } = options;
  const threads = Array.from({ length: options.threads }, (): Thread<Task, Result> => ({ tasks: [] }));
  const queue: QueuedTask<Task, Result>[] = [];
  const pending = () => threads.reduce((sum, { tasks: orders }) => sum + orders.length, queue.length);

  function handOut(): void {
    while (queue.length > 0) {
      const thread = threads.reduce((best, each) => (each.tasks.length < best.tasks.length ? each : best));
      if (thread.tasks.length >= MAX_TASKS_PER_THREAD) return;
      const order = queue.shift() as QueuedTask<Task, Result>;
      thread.tasks.push(order);
      thread.worker ??= begin(thread);
      thread.worker.postMessage(order.task);
    }
  }

  function begin(thread: Thread<Task, Result>): Worker {
    // Nothing of the environment, which has the keys in it.
    const worker = new Worker(script, { env: {} });
    let cause: unknown;
    worker.unref();
    worker.on('message', (answer: ThreadAnswer<Result>) => {
      const order = thread.tasks.shift();
      handOut();
      if ('error' in answer) order?.reject(answer.error);
      else order?.resolve(answer.result);
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      thread.worker = undefined;
      const ended = new Error('The thread ended before it had answered.', { cause });
      for (const { reject } of thread.tasks.splice(0)) reject(ended);
      handOut();
    });
    return worker;
  }

  return {
    run(task) {
      if (pending() >= options.threads + maxWaiting) return Promise.reject(overloaded());
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      queue.push({ task, resolve, reject });
      handOut();
      return promise;
    },
    get waiting() {
      return Math.max(0, pending() - options.threads);
    },
    async [Symbol.asyncDispose]() {
      for (const { reject } of queue.splice(0)) reject(new Error('The pool was closed.'));
      await Promise.all(threads.map(({ worker }) => worker?.terminate()));
    },
  };
}
