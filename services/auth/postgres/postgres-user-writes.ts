import type { MikroORM } from '@mikro-orm/postgresql';
import type { UserChange } from '../users/user-change.ts';
import type { UserWrites } from '../users/user-writes.ts';
import { createUserTransaction } from './user-transaction.ts';

/**
 * Writes through MikroORM, each in a transaction of its own.
 * @param committed called behind each commit, and before its caller hears of it, with the users that it changed.
 */
export function createPostgresUserWrites(
  orm: MikroORM,
  committed: (changes: readonly UserChange[]) => void,
): UserWrites {
  return {
    async transact(work) {
      let changes: UserChange[] = [];
      const result = await orm.em.fork().transactional((em) => {
        changes = [];
        return work(createUserTransaction(em, (change) => changes.push(change)));
      });
      committed(changes);
      return result;
    },
  };
}
