import type { MikroORM } from '@mikro-orm/postgresql';
import type { UserWrites } from '../users/user-writes.ts';
import { createUserTransaction } from './user-transaction.ts';

/**
 * Writes through MikroORM, each in a transaction of its own.
 * @param committed called behind each commit: there may be news.
 */
export function createPostgresUserWrites(orm: MikroORM, committed: () => void): UserWrites {
  return {
    async transact(work) {
      const result = await orm.em.fork().transactional((em) => work(createUserTransaction(em)));
      committed();
      return result;
    },
  };
}
