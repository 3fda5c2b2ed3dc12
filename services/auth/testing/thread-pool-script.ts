import { parentPort, threadId } from 'node:worker_threads';
import type { ThreadAnswer } from '../sign-in/passwords/thread-pool.ts';

/** A task for the thread of the tests. */
export interface TestTask {
  readonly do: 'work' | 'fail' | 'end' | 'throw';
  readonly n: number;
}

/** The answer of that thread. */
export interface TestAnswer {
  readonly n: number;
  readonly threadId: number;
  readonly environment: readonly string[];
}

parentPort?.on('message', (task: TestTask) => {
  if (task.do === 'end') process.exit(1);
  if (task.do === 'throw') throw new Error('the thread broke');
  const environment = Object.keys(process.env);
  const answer: ThreadAnswer<TestAnswer> =
    task.do === 'work'
      ? { result: { n: task.n, threadId, environment } }
      : { error: new Error(`task ${task.n} failed`) };
  parentPort?.postMessage(answer);
});
