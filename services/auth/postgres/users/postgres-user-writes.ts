import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { UserCreation, UserEdit, UserUpdate, UserWrites } from '../../users/user-writes.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { lifecycleEdits } from './lifecycle-edits.ts';
import { recordEdits, statisticsEdits } from './record-edits.ts';
import { createUserCreation } from './user-creation.ts';
import { createUserTransaction, withUserTransaction } from './user-transaction.ts';
import { createOptimisticUserUpdate, createUserUpdate, WriteConflictError } from './user-update.ts';

/** A user whose row was written. */
export interface WrittenUser {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Writes users by prepared statements, each write all or nothing.
 * Prepared statements matter here, because the change feed waits for the end of every open write.
 * @param onCommitted called after each commit, before the caller gets its answer, with the users that may
 * have changed.
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

// After a conflict the write takes the lock, so that it succeeds however many calls write the same user.
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

// A locked user may have been changed.
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

/** The transaction in which a locked user can be changed in every way. */
function createUserEdit(run: RunPrepared, seal: ContactSeal): UserEdit {
  return {
    ...createUserUpdate(run, seal),
    ...createUserTransaction(run, seal),
    ...lifecycleEdits(run, seal),
    ...recordEdits(run),
    ...statisticsEdits(run, seal),
  };
}
