import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { UserEdit } from '../../users/user-writes.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { lifecycleEdits } from './lifecycle-edits.ts';
import { recordEdits } from './record-edits.ts';
import { statisticsEdits } from './statistics-edits.ts';
import { createUserTransaction } from './user-transaction.ts';
import { createUserUpdate } from './user-update.ts';

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
