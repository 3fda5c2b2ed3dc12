import type { RunPrepared } from '@rollcall/runtime/postgres';
import { eraseByEmail } from '../../sign-in/postgres/cleanup.ts';
import type { User } from '../../users/user.ts';
import { ALL_TOUCHED, type TouchedViews, touchedBy, type UserChangeKind } from '../../users/user-change.ts';
import type { LifecycleEdits } from '../../users/user-writes.ts';
import { fixedChangeInsert } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { reserveEmail, toUserError } from '../rows/uniqueness.ts';
import { mergeGroupOf } from '../rows/user-from-row.ts';
import { ERASE_RECORDS } from './erasures.ts';
import { readUser } from './user-transaction.ts';

interface Changing {
  readonly kind: UserChangeKind;
  readonly touched: TouchedViews;
  readonly assignments: string;
}

// Raises the version and inserts the change in one statement.
const changing = ({ kind, touched, assignments }: Changing) => `with changed as (
    update users set version = version + 1, update_time = $3, ${assignments} where tenant_id = $1 and id = $2
    returning tenant_id, id, version, update_time
  )
  ${fixedChangeInsert(kind, touched)}`;

const STATE_TOUCHED = touchedBy(['state', 'deleteTime']);

const DELETE = {
  name: 'user_delete',
  text: changing({
    kind: 'DELETED',
    touched: STATE_TOUCHED,
    assignments: `state = 'DELETED', delete_time = $3, state_before_delete = state`,
  }),
};

const UNDELETE = {
  name: 'user_undelete',
  text: changing({
    kind: 'UNDELETED',
    touched: STATE_TOUCHED,
    assignments: `state = coalesce(state_before_delete, 'ACTIVE'), delete_time = null, state_before_delete = null`,
  }),
};

const ERASE = {
  name: 'user_erase',
  text: changing({
    kind: 'ERASED',
    touched: ALL_TOUCHED,
    assignments: `state = 'DELETED', delete_time = coalesce(delete_time, $3), erase_time = $3, state_before_delete = null,
      first_name = '', last_name = '', display_name = '', profile_image = '', business_name = '',
      email_sealed = null, email_key = null, phone_sealed = null, phone_key = null,
      email_base_key = null, average_rating = 0, total_reviews = 0, last_activity_time = null`,
  }),
};

interface MergedRow {
  id: string;
  email_sealed: Buffer | null;
}

// The merged users are the same person. They are locked behind their survivor, as in every transaction.
const MERGED = {
  name: 'user_merged',
  text: `select id, email_sealed from users
    where tenant_id = $1 and id = any(${mergeGroupOf('$1', '$2::uuid')}) and id <> $2 order by id for update`,
};

/** Deletes, undeletes and erases locked users. */
export function lifecycleEdits(run: RunPrepared, seal: ContactSeal): LifecycleEdits {
  const change = async (statement: { name: string; text: string }, user: User) => {
    await run(statement, [user.tenantId, user.id, new Date()]).catch((error: unknown) => {
      throw toUserError(error, user);
    });
    return (await readUser(run, user, seal)) as User;
  };
  const eraseMerged = async ({ tenantId }: User, { id, email_sealed }: MergedRow) => {
    const { email } = seal.open({ email_sealed, phone_sealed: null }, { tenantId, id });
    await eraseByEmail(run, seal.keyring, { tenantId, email });
    for (const statement of ERASE_RECORDS) await run(statement, [tenantId, id]);
    await run(ERASE, [tenantId, id, new Date()]);
  };
  return {
    delete: (user) => change(DELETE, user),
    async undelete(user) {
      await reserveEmail(run, user.contact?.email ?? '', { seal, owner: user });
      return change(UNDELETE, user);
    },
    async erase(user) {
      await eraseByEmail(run, seal.keyring, { tenantId: user.tenantId, email: user.contact?.email ?? '' });
      for (const statement of ERASE_RECORDS) await run(statement, [user.tenantId, user.id]);
      for (const merged of await run<MergedRow>(MERGED, [user.tenantId, user.id]))
        await eraseMerged(user, merged);
      return change(ERASE, user);
    },
  };
}
