import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { UserCreation, UserEdit, UserUpdate, UserWrites } from '../../users/user-writes.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { lifecycleEdits } from './lifecycle-edits.ts';
import { recordEdits, statisticsEdits } from './record-edits.ts';
import { createUserCreation } from './user-creation.ts';
import { createUserTransaction, withUserTransaction } from './user-transaction.ts';
import { createOptimisticUserUpdate, createUserUpdate, WriteConflictError } from './user-update.ts';

/** Whose row was written. */
export interface WrittenUser {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Writes, each all or nothing, by prepared statements: the feed of this process waits while it works, and a mapper's unit of
 * work and its unplanned statements hold it up for longer.
 * @param onCommitted called behind each commit, before its caller hears of it, with the users that it may have changed.
 */
export function createPostgresUserWrites(
  { pool, seal }: { pool: Pool; seal: ContactSeal },
  onCommitted: (written: readonly WrittenUser[]) => void,
): UserWrites {
  const reportingCommit = async <T>(work: (written: WrittenUser[]) => Promise<T>): Promise<T> => {
    const written: WrittenUser[] = [];
    const result = await work(written);
    onCommitted(written);
    return result;
  };
  return {
    create: (work) =>
      reportingCommit((written) =>
        withUserTransaction(pool, (run) => work(trackCreation(createUserCreation(run, seal), written))),
      ),
    update: (work) =>
      reportingCommit((written) => update({ pool, seal }, (changes) => work(trackUpdate(changes, written)))),
    edit: (work) =>
      reportingCommit((written) =>
        withUserTransaction(pool, (run) => work(trackEdit(createUserEdit(run, seal), written))),
      ),
  };
}

// Whoever was overtaken takes the lock, so that it gets its turn however many write the same user.
async function update<T>(
  { pool, seal }: { pool: Pool; seal: ContactSeal },
  work: (update: UserUpdate) => Promise<T>,
): Promise<T> {
  try {
    return await work(
      createOptimisticUserUpdate((statement, values) => runPrepared(pool, statement, values), seal),
    );
  } catch (error) {
    if (!(error instanceof WriteConflictError)) throw error;
    return await withUserTransaction(pool, (run) => work(createUserUpdate(run, seal)));
  }
}

function trackCreation(creation: UserCreation, written: WrittenUser[]): UserCreation {
  return {
    ...creation,
    insert(tenantId, id, user) {
      written.push({ tenantId, id });
      return creation.insert(tenantId, id, user);
    },
  };
}

// Whoever is locked may have been changed.
function trackEdit(edit: UserEdit, written: WrittenUser[]): UserEdit {
  return {
    ...edit,
    async lock(tenantId, id) {
      const user = await edit.lock(tenantId, id);
      if (user) written.push({ tenantId, id: user.id });
      return user;
    },
  };
}

function trackUpdate(changes: UserUpdate, written: WrittenUser[]): UserUpdate {
  return {
    ...changes,
    update(user, wanted) {
      written.push(user);
      return changes.update(user, wanted);
    },
  };
}

/** The transaction in which everything can be done to a user that is locked. */
export function createUserEdit(run: RunPrepared, seal: ContactSeal): UserEdit {
  return {
    ...createUserUpdate(run, seal),
    ...createUserTransaction(run, seal),
    ...lifecycleEdits(run, seal),
    ...recordEdits(run),
    ...statisticsEdits(run, seal),
  };
}
