import type { MikroORM } from '@mikro-orm/postgresql';
import { runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { UserCreation, UserUpdate, UserWrites } from '../users/user-writes.ts';
import { createUserCreation } from './user-creation.ts';
import { createUnlockedUserUpdate, createUserUpdate, OvertakenError } from './user-update.ts';

/** Whose row was written. */
export interface WrittenUser {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Writes, each all or nothing: through MikroORM, but for changes of users. Those are prepared statements, because the feed of
 * this process waits while it works, and the mapper's unit of work and its unplanned statements took several times as long.
 * @param committed called behind each commit, before its caller hears of it, with the users that it may have changed.
 */
export function createPostgresUserWrites(
  orm: MikroORM,
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
        orm.em.fork().transactional((em) => work(notingCreation(createUserCreation(em), written))),
      ),
    update: (work) => telling((written) => update(orm, (changes) => work(notingUpdate(changes, written)))),
  };
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

// Whoever was overtaken takes the lock, so that it gets its turn however many write the same user.
async function update<T>(orm: MikroORM, work: (update: UserUpdate) => Promise<T>): Promise<T> {
  try {
    return await work(createUnlockedUserUpdate((statement, values) => runPrepared(orm, statement, values)));
  } catch (error) {
    if (!(error instanceof OvertakenError)) throw error;
    return await transactPrepared(orm, (run) => work(createUserUpdate(run)));
  }
}
