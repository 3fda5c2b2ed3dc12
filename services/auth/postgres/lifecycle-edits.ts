import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { User } from '../users/user.ts';
import type { LifecycleEdits } from '../users/user-writes.ts';
import type { ContactSeal } from './contact-seal.ts';
import { ERASE_RECORDS } from './erasure.ts';
import { holdAddress } from './hold-address.ts';
import { readUser } from './user-transaction.ts';
import { toUserError } from './write-errors.ts';

// One version more, and its announcement in the same statement, so that the numbers of a user's changes are in the order of
// its versions.
const changing = (kind: string, assignments: string) => `with changed as (
    update users set version = version + 1, update_time = $3, ${assignments} where tenant_id = $1 and id = $2
    returning tenant_id, id, version
  )
  insert into user_changes (tenant_id, user_id, version, kind) select tenant_id, id, version, '${kind}' from changed`;

const DELETE = {
  name: 'user_delete',
  text: changing('DELETED', `state = 'DELETED', delete_time = $3, state_before_delete = state`),
};

const UNDELETE = {
  name: 'user_undelete',
  text: changing(
    'UNDELETED',
    `state = coalesce(state_before_delete, 'ACTIVE'), delete_time = null, state_before_delete = null`,
  ),
};

const ERASE = {
  name: 'user_erase',
  text: changing(
    'ERASED',
    `state = 'DELETED', delete_time = coalesce(delete_time, $3), erase_time = $3, state_before_delete = null,
      first_name = '', last_name = '', display_name = '', profile_image = '', business_name = '',
      email_sealed = null, email_key = null, phone_sealed = null, phone_key = null,
      average_rating = 0, total_reviews = 0, last_activity_time = null`,
  ),
};

/** Deleting, undeleting and erasing users that are locked. */
export function lifecycleEdits(run: RunPrepared, seal: ContactSeal): LifecycleEdits {
  const change = async (statement: { name: string; text: string }, user: User) => {
    await run(statement, [user.tenantId, user.id, new Date()]).catch((error: unknown) => {
      throw toUserError(error, user);
    });
    return (await readUser(run, user, seal)) as User;
  };
  return {
    delete: (user) => change(DELETE, user),
    async undelete(user) {
      await holdAddress(run, user.contact?.email ?? '', { seal, owner: user });
      return change(UNDELETE, user);
    },
    async erase(user) {
      for (const statement of ERASE_RECORDS) await run(statement, [user.tenantId, user.id]);
      return change(ERASE, user);
    },
  };
}
