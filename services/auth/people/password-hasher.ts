import {
  type Argon2Parameters,
  ASVS_PARAMETERS,
  hashArgon2id,
  isOutdated,
  verifyArgon2id,
} from './argon2id.ts';
import { PeopleError } from './people-error.ts';
import { createWorkQueue } from './work-queue.ts';

/** What came of comparing a password. */
export interface Verification {
  readonly matches: boolean;
  /** The stored hash was made with other parameters than today's. */
  readonly isOutdated: boolean;
}

/** Hashes passwords, a few at a time. Every method costs one hash, except that a refusal costs none. */
export interface PasswordHasher {
  /** As a PHC string. Throws PeopleError OVERLOADED. */
  hash(password: string): Promise<string>;
  /** Undefined: there is nothing to compare with; the work is done all the same, for the sake of its time. Throws PeopleError OVERLOADED. */
  verify(stored: string | undefined, password: string): Promise<Verification>;
  /** How many hashes were computed so far. */
  readonly hashes: number;
  /** How many wait for their turn. */
  readonly waiting: number;
}

/** What the hasher is held to. */
export interface PasswordHasherOptions {
  /** Hashes at once: each takes the parameters' memory, and a thread. */
  readonly concurrency: number;
  /** Most that wait; what comes then is refused. Default 32 for each at work: about a second. */
  readonly maxWaiting?: number;
  /** Default: those of ASVS. */
  readonly parameters?: Argon2Parameters;
}

/** Makes a hasher; its first hash is one of nothing, to compare with where there is no other. */
export async function createPasswordHasher({
  concurrency,
  maxWaiting = 32 * concurrency,
  parameters = ASVS_PARAMETERS,
}: PasswordHasherOptions): Promise<PasswordHasher> {
  const queue = createWorkQueue({ concurrency, maxWaiting, overloaded });
  const nobody = await hashArgon2id('', parameters);
  let hashes = 0;
  return {
    hash: (password) =>
      queue.run(() => {
        hashes++;
        return hashArgon2id(password, parameters);
      }),
    verify: (stored, password) =>
      queue.run(async () => {
        hashes++;
        const matches = await verifyArgon2id(stored ?? nobody, password);
        if (stored === undefined) return { matches: false, isOutdated: false };
        return { matches, isOutdated: isOutdated(stored, parameters) };
      }),
    get hashes() {
      return hashes;
    },
    get waiting() {
      return queue.waiting;
    },
  };
}

function overloaded(): PeopleError {
  return new PeopleError('OVERLOADED', 'Too many passwords are to be checked just now; try again.', 1000);
}
