import { SignInError } from '../sign-in-error.ts';
import { type Argon2Parameters, ASVS_PARAMETERS, isOutdated } from './argon2id.ts';
import type { Argon2idTask } from './argon2id-thread.ts';
import { createThreadPool } from './thread-pool.ts';

/** What came of comparing a password. */
export interface Verification {
  readonly matches: boolean;
  /** The stored hash was made with other parameters than today's. */
  readonly isOutdated: boolean;
}

/** Hashes passwords, a few at a time, in threads of its own. Every method costs one hash, except that a refusal costs none. */
export interface PasswordHasher extends AsyncDisposable {
  /** As a PHC string. Throws SignInError OVERLOADED. */
  hash(password: string): Promise<string>;
  /** Undefined: there is nothing to compare with; the work is done all the same, for the sake of its time. Throws SignInError OVERLOADED. */
  verify(stored: string | undefined, password: string): Promise<Verification>;
  /** How many hashes were computed so far. */
  readonly hashes: number;
  /** How many wait for their turn. */
  readonly waiting: number;
}

/** What the hasher is held to. */
interface PasswordHasherOptions {
  /** Hashes at once: each takes the parameters' memory, and has a thread. */
  readonly concurrency: number;
  /** Most that wait; what comes then is refused. Default 32 for each at work: about a second. */
  readonly maxWaiting?: number;
  /** Default: those of ASVS. */
  readonly parameters?: Argon2Parameters;
}

const THREAD = new URL('./argon2id-thread.ts', import.meta.url);

/** Makes a hasher; its first hash is one of nothing, to compare with where there is no other. */
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
  const nobody = String(await pool.run({ password: '', parameters }));
  let hashes = 0;
  const run = async (task: Argon2idTask) => {
    const result = await pool.run(task);
    hashes++;
    return result;
  };
  return {
    hash: async (password) => String(await run({ password, parameters })),
    async verify(stored, password) {
      const matches = (await run({ password, stored: stored ?? nobody })) === true;
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
