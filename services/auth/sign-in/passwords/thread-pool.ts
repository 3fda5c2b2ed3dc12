import { Worker } from 'node:worker_threads';

/** The answer of a thread to a task. Answers come in the order of the tasks. */
export type ThreadAnswer<Result> = { readonly result: Result } | { readonly error: unknown };

interface ThreadPoolOptions {
  /** The script of each thread. It takes every message as a task, and posts one ThreadAnswer for each. */
  readonly script: URL;
  /** How many threads there are, and so how many tasks run at once. */
  readonly threads: number;
  /** Most tasks that wait; further ones are refused. */
  readonly maxWaiting: number;
  /** Makes the error of a refused task. */
  readonly overloaded: () => Error;
}

/** Threads for work that keeps a core busy. They do not keep the process alive. */
interface ThreadPool<Task, Result> extends AsyncDisposable {
  /** Runs a task in its turn. Rejects with `overloaded()` when too many wait, and when its thread ends. */
  run(task: Task): Promise<Result>;
  readonly waiting: number;
}

interface QueuedTask<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread<Task, Result> {
  /** Oldest first: the first one runs. */
  readonly tasks: QueuedTask<Task, Result>[];
  /** Undefined: not started, or ended. It starts with its next task. */
  worker?: Worker | undefined;
}

// One runs, and one is at hand: a thread that waited for its next task would leave its core idle.
const MAX_TASKS_PER_THREAD = 2;

/** Creates a pool. Each thread starts with its first task. */
export function createThreadPool<Task, Result>(options: ThreadPoolOptions): ThreadPool<Task, Result> {
  const { script, maxWaiting, overloaded } = options;
  const threads = Array.from({ length: options.threads }, (): Thread<Task, Result> => ({ tasks: [] }));
  const queue: QueuedTask<Task, Result>[] = [];
  const pending = () => threads.reduce((sum, { tasks }) => sum + tasks.length, queue.length);

  function dispatch(): void {
    while (queue.length > 0) {
      const thread = threads.reduce((best, each) => (each.tasks.length < best.tasks.length ? each : best));
      if (thread.tasks.length >= MAX_TASKS_PER_THREAD) return;
      const next = queue.shift() as QueuedTask<Task, Result>;
      thread.tasks.push(next);
      thread.worker ??= startWorker(thread);
      thread.worker.postMessage(next.task);
    }
  }

  function startWorker(thread: Thread<Task, Result>): Worker {
    // The environment contains keys.
    const worker = new Worker(script, { env: {} });
    let cause: unknown;
    worker.unref();
    worker.on('message', (answer: ThreadAnswer<Result>) => {
      const next = thread.tasks.shift();
      dispatch();
      if ('error' in answer) next?.reject(answer.error);
      else next?.resolve(answer.result);
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      thread.worker = undefined;
      const ended = new Error('The thread ended before it had answered.', { cause });
      for (const { reject } of thread.tasks.splice(0)) reject(ended);
      dispatch();
    });
    return worker;
  }

  return {
    run(task) {
      if (pending() >= options.threads + maxWaiting) return Promise.reject(overloaded());
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      queue.push({ task, resolve, reject });
      dispatch();
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
