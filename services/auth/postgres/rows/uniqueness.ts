// Unique ids and e-mail addresses of users.
import { type RunPrepared, sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { emailKey } from '../../users/user.ts';
import { UserError } from '../../users/user-error.ts';
import type { ContactOwner, ContactSeal } from './contact-seal.ts';

/** Translates a unique violation in table `users` to a UserError. Returns any other error unchanged. */
export function toUserError(error: unknown, { tenantId, id }: { tenantId: string; id: string }): unknown {
  if (sqlState(error) !== '23505') return error;
  if (violatedConstraint(error) === 'users_email_key') {
    return emailTaken(tenantId);
  }
  const message = `Tenant ${tenantId} has a user ${id} already.`;
  return new UserError('USER_ID_TAKEN', message, { tenant_id: tenantId, id });
}

/** The error EMAIL_TAKEN. Messages and logs never contain the address. */
function emailTaken(tenantId: string): UserError {
  const message = `Another user of tenant ${tenantId} has this e-mail address.`;
  return new UserError('EMAIL_TAKEN', message, { tenant_id: tenantId });
}

const RESERVE = {
  name: 'email_reserve',
  text: 'select pg_advisory_xact_lock(key) from (select unnest($1::bigint[]) as key order by 1) held',
};

const OTHER_OWNER = {
  name: 'email_owner',
  text: `select 1 from users where tenant_id = $1 and email_key = any($2::bytea[]) and delete_time is null and id <> $3`,
};

/**
 * Reserves an address until the end of the transaction, while there are several index keys.
 * The unique index cannot see then that two blind indexes belong to one address.
 * @throws UserError EMAIL_TAKEN when another user has the address.
 */
export async function reserveEmail(
  run: RunPrepared,
  email: string,
  { seal, owner }: { seal: ContactSeal; owner: ContactOwner },
): Promise<void> {
  const key = emailKey(email);
  if (key === null || !seal.keyring.hasOldIndexKeys) return;
  const indexes = seal.emailIndexes(key, owner.tenantId);
  // A transaction that writes this address under another key locks the same numbers.
  await run(RESERVE, [indexes.map((index) => index.readBigInt64BE())]);
  // A second statement, because its snapshot must be later than the wait for the lock.
  const others = await run(OTHER_OWNER, [owner.tenantId, indexes, owner.id]);
  if (others.length > 0) throw emailTaken(owner.tenantId);
}
