import { SignInError } from '../sign-in-error.ts';
import { type Argon2Parameters, ASVS_PARAMETERS, isOutdated } from './argon2id.ts';
import type { Argon2idTask } from './argon2id-thread.ts';
import { createThreadPool } from './thread-pool.ts';

/** The result of comparing a password. */
export interface Verification {
  readonly matches: boolean;
  /** The stored hash was made with other parameters than those of today. */
  readonly isOutdated: boolean;
}

/**
 * Hashes passwords in threads of its own, a few at a time. Every call costs one hash; a refused call costs
 * none.
 */
export interface PasswordHasher extends AsyncDisposable {
  /**
   * Answers a PHC string.
   * @throws SignInError OVERLOADED
   */
  hash(password: string): Promise<string>;
  /**
   * Compares a password with a stored hash. Undefined: compares with a decoy, so that the call takes as long.
   * @throws SignInError OVERLOADED
   */
  verify(stored: string | undefined, password: string): Promise<Verification>;
  /** How many hashes were computed. */
  readonly hashes: number;
  /** How many calls wait for a thread. */
  readonly waiting: number;
}

interface PasswordHasherOptions {
  /** Hashes at the same time. Each takes the memory of the parameters, and has a thread. */
  readonly concurrency: number;
  /** Most calls that wait; further calls are refused. Default 32 for each thread: about a second. */
  readonly maxWaiting?: number;
  /** Default: `ASVS_PARAMETERS`. */
  readonly parameters?: Argon2Parameters;
}

const THREAD = new URL('./argon2id-thread.ts', import.meta.url);

/** Creates a hasher. It hashes an empty password first, as the decoy for users without a password. */
export async function createPasswordHasher({
  concurrency,
  maxWaiting = 32 * concurrency,
  parameters = ASVS_PARAMETERS,
}: PasswordHasherOptions): Promise<PasswordHasher> {
  const pool = createThreadPool<Argon2idTask, string | boolean>({
    script: THREAD,
    threads: concurrency,
    maxWaiting,
    overloaded,
  });
  const decoyHash = String(await pool.run({ password: '', parameters }));
  let hashes = 0;
  const run = async (task: Argon2idTask) => {
    const result = await pool.run(task);
    hashes++;
    return result;
  };
  return {
    hash: async (password) => String(await run({ password, parameters })),
    async verify(stored, password) {
      const matches = (await run({ password, stored: stored ?? decoyHash })) === true;
      if (stored === undefined) return { matches: false, isOutdated: false };
      return { matches, isOutdated: isOutdated(stored, parameters) };
    },
    get hashes() {
      return hashes;
    },
    get waiting() {
      return pool.waiting;
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function overloaded(): SignInError {
  return new SignInError('OVERLOADED', 'Too many passwords are to be checked just now; try again.', 1000);
}
