import type { MikroORM } from '@mikro-orm/postgresql';
import { transactPrepared } from '@rollcall/runtime/postgres';
import type { UserWrites } from '../users/user-writes.ts';
import { createUserCreation } from './user-creation.ts';
import { createUserUpdate } from './user-update.ts';

/**
 * Writes, each in a transaction of its own: through MikroORM, but for changes, which are hot.
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
    update: (work) => transactPrepared(orm, (run) => work(createUserUpdate(run))).then(told),
  };
}
