import type { MikroORM } from '@mikro-orm/postgresql';
import { runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { UserUpdate, UserWrites } from '../users/user-writes.ts';
import { createUserCreation } from './user-creation.ts';
import { createUnlockedUserUpdate, createUserUpdate, OvertakenError } from './user-update.ts';

/**
 * Writes, each all or nothing: through MikroORM, but for changes of users. Those are prepared statements, because the feed of
 * this process waits while it works, and the mapper's unit of work and its unplanned statements took several times as long.
 * @param committed called behind each commit: there may be news.
 */
export function createPostgresUserWrites(orm: MikroORM, committed: () => void): UserWrites {
  const told = <T>(result: T): T => {
    committed();
    return result;
  };
  return {
    create: (work) =>
      orm.em
        .fork()
        .transactional((em) => work(createUserCreation(em)))
        .then(told),
    update: (work) => update(orm, work).then(told),
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
