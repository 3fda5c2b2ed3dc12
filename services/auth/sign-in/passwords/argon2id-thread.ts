import { parentPort } from 'node:worker_threads';
import { type Argon2Parameters, hashArgon2id, verifyArgon2id } from './argon2id.ts';
import type { ThreadAnswer } from './thread-pool.ts';

/** A password to hash, or to compare with a stored hash. */
export type Argon2idTask =
  | { readonly password: string; readonly parameters: Argon2Parameters }
  | { readonly password: string; readonly stored: string };

// The entry point of a thread of the pool.
parentPort?.on('message', (task: Argon2idTask) => parentPort?.postMessage(answer(task)));

function answer(task: Argon2idTask): ThreadAnswer<string | boolean> {
  try {
    return { result: compute(task) };
  } catch (error) {
    return { error };
  }
}

function compute(task: Argon2idTask): string | boolean {
  return 'stored' in task
    ? verifyArgon2id(task.stored, task.password)
    : hashArgon2id(task.password, task.parameters);
}
