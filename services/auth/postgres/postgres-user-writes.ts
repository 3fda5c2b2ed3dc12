import { type Pool, runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { UserCreation, UserUpdate, UserWrites } from '../users/user-writes.ts';
import type { ContactSeal } from './contact-seal.ts';
import { createUserCreation } from './user-creation.ts';
import { createUnlockedUserUpdate, createUserUpdate, OvertakenError } from './user-update.ts';

/** Whose row was written. */
export interface WrittenUser {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Writes, each all or nothing, by prepared statements: the feed of this process waits while it works, and a mapper's unit of
 * work and its unplanned statements took several times as long.
 * @param committed called behind each commit, before its caller hears of it, with the users that it may have changed.
 */
export function createPostgresUserWrites(
  { pool, seal }: { pool: Pool; seal: ContactSeal },
  committed: (written: readonly WrittenUser[]) => void,
): UserWrites {
  const telling = async <T>(work: (written: WrittenUser[]) => Promise<T>): Promise<T> => {
    const written: WrittenUser[] = [];
    const result = await work(written);
    committed(written);
    return result;
  };
  return {
    create: (work) =>
      telling((written) =>
        transactPrepared(pool, (run) => work(notingCreation(createUserCreation(run, seal), written))),
      ),
    update: (work) =>
      telling((written) => update({ pool, seal }, (changes) => work(notingUpdate(changes, written)))),
  };
}

// Whoever was overtaken takes the lock, so that it gets its turn however many write the same user.
async function update<T>(
  { pool, seal }: { pool: Pool; seal: ContactSeal },
  work: (update: UserUpdate) => Promise<T>,
): Promise<T> {
  try {
    return await work(
      createUnlockedUserUpdate((statement, values) => runPrepared(pool, statement, values), seal),
    );
  } catch (error) {
    if (!(error instanceof OvertakenError)) throw error;
    return await transactPrepared(pool, (run) => work(createUserUpdate(run, seal)));
  }
}

function notingCreation(creation: UserCreation, written: WrittenUser[]): UserCreation {
  return {
    ...creation,
    insert(tenantId, id, user) {
      written.push({ tenantId, id });
      return creation.insert(tenantId, id, user);
    },
  };
}

function notingUpdate(changes: UserUpdate, written: WrittenUser[]): UserUpdate {
  return {
    ...changes,
    update(user, wanted) {
      written.push(user);
      return changes.update(user, wanted);
    },
  };
}
