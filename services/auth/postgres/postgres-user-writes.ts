import type { MikroORM } from '@mikro-orm/postgresql';
import type { UserWrites } from '../users/user-writes.ts';
import { createUserTransaction } from './user-transaction.ts';

/** Writes through MikroORM, each in a transaction of its own. */
export function createPostgresUserWrites(orm: MikroORM): UserWrites {
  return {
    transact: (work) => orm.em.fork().transactional((em) => work(createUserTransaction(em))),
  };
}
