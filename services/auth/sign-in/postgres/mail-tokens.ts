import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { fieldRuleFault } from '@rollcall/runtime/rpc';
import { createUserCreation } from '../../postgres/users/user-creation.ts';
import type { MailTokenPurpose, PasswordChange } from '../sign-in-store.ts';
import { lockActiveUser, type SignInSeals } from './credentials.ts';
import { queueMail } from './mail-outbox.ts';
import { endSessions } from './sessions.ts';
import type { SignInSeal } from './sign-in-seal.ts';

const FIND = {
  name: 'mail_token_find',
  text: `select purpose, user_id from mail_tokens
    where tenant_id = $1 and token_hash = $2 and purpose = any($3::text[]) and expire_time > now()`,
};

// The second of two concurrent calls waits for the first, and finds nothing.
const TAKE_REGISTRATION = {
  name: 'mail_token_take_registration',
  text: `delete from mail_tokens where tenant_id = $1 and token_hash = $2 and purpose = 'REGISTER' and expire_time > now()
    returning id, person_sealed, password_hash`,
};

const TAKE = {
  name: 'mail_token_take',
  text: `delete from mail_tokens where tenant_id = $1 and token_hash = $2 and purpose = $3 and user_id = $4
      and email_key = any($5::bytea[]) and expire_time > now() returning 1`,
};

// Skips tokens that another transaction is using: that one waits for our locks, and then finds this change.
const DROP_TOKENS = {
  name: 'mail_tokens_forget',
  text: `delete from mail_tokens where (tenant_id, id) in (
      select tenant_id, id from mail_tokens
      where tenant_id = $1 and (user_id = $2 or email_key = any($3::bytea[])) for update skip locked
    )`,
};

const SET_PASSWORD = {
  name: 'credentials_set',
  text: `insert into credentials (tenant_id, user_id, password_hash) values ($1, $2, $3)
    on conflict (tenant_id, user_id) do update set password_hash = excluded.password_hash, update_time = now()`,
};

const VERIFY = {
  name: 'email_verify',
  text: `insert into verified_emails (tenant_id, user_id, email_sealed) values ($1, $2, $3)
    on conflict (tenant_id, user_id) do update set email_sealed = excluded.email_sealed, verify_time = now()`,
};

const DROP_ATTEMPTS = {
  name: 'throttle_forgive',
  text: `delete from throttles where tenant_id = $1 and kind = 'ACCOUNT' and key = $2`,
};

const CHANGE = {
  name: 'credentials_change',
  text: `update credentials set password_hash = $4, update_time = now()
    where tenant_id = $1 and user_id = $2 and password_hash = $3 returning 1`,
};

/** Finds the purpose and the user of a valid token. */
export async function findMailToken(
  run: RunPrepared,
  { tenantId, hash, purposes }: { tenantId: string; hash: Buffer; purposes: readonly MailTokenPurpose[] },
) {
  const values = [tenantId, hash, purposes];
  const [row] = await run<{ purpose: MailTokenPurpose; user_id: string | null }>(FIND, values);
  return row && { purpose: row.purpose, userId: row.user_id ?? undefined };
}

/**
 * Creates the user of a registration. False: the token is used, or the registration breaks a rule of today.
 * @throws UserError EMAIL_TAKEN
 */
export async function completeRegistration(
  run: RunPrepared,
  { seal, contactSeal }: SignInSeals,
  { tenantId, hash, userId }: { tenantId: string; hash: Buffer; userId: string },
): Promise<boolean> {
  type Row = { id: string; person_sealed: Buffer; password_hash: string };
  const [row] = await run<Row>(TAKE_REGISTRATION, [tenantId, hash]);
  if (!row) return false;
  const { email, firstName, lastName } = seal.openRegistration(row.person_sealed, {
    tenantId,
    id: row.id,
  });
  const person = { email, firstName, lastName };
  if (fieldRuleFault(UserSchema, create(UserSchema, person))) return false;
  await createUserCreation(run, contactSeal).insert(tenantId, userId, person);
  await run(SET_PASSWORD, [tenantId, userId, row.password_hash]);
  await run(VERIFY, [tenantId, userId, seal.sealVerified(email, { tenantId, id: userId })]);
  // Other registrations with this address are of people who have not shown that they read its mails.
  await run(DROP_TOKENS, [tenantId, userId, seal.emailIndexes(tenantId, email)]);
  return true;
}

/** Verifies an address. False: the token is used, or was sent to another address. */
export async function verifyEmail(
  run: RunPrepared,
  seal: SignInSeal,
  { tenantId, hash, user }: { tenantId: string; hash: Buffer; user: { id: string; email: string } },
): Promise<boolean> {
  if (!(await lockActiveUser(run, tenantId, user.id))) return false;
  const indexes = seal.emailIndexes(tenantId, user.email);
  const taken = await run(TAKE, [tenantId, hash, 'VERIFY_EMAIL', user.id, indexes]);
  if (taken.length === 0) return false;
  await run(VERIFY, [tenantId, user.id, seal.sealVerified(user.email, { tenantId, id: user.id })]);
  return true;
}

/** Sets a password by a token. False: the token is used, or was sent to another address. */
export async function resetPassword(
  run: RunPrepared,
  seal: SignInSeal,
  change: PasswordChange & { tokenHash: Buffer; email: string },
): Promise<boolean> {
  const { tenantId, userId, email } = change;
  if (!(await lockActiveUser(run, tenantId, userId))) return false;
  const indexes = seal.emailIndexes(tenantId, email);
  const taken = await run(TAKE, [tenantId, change.tokenHash, 'RESET_PASSWORD', userId, indexes]);
  if (taken.length === 0) return false;
  await run(SET_PASSWORD, [tenantId, userId, change.passwordHash]);
  await run(VERIFY, [tenantId, userId, seal.sealVerified(email, { tenantId, id: userId })]);
  await endSessions(run, change, { reason: 'PASSWORD_RESET' });
  await run(DROP_TOKENS, [tenantId, userId, indexes]);
  await finishChange(run, seal, change);
  return true;
}

/** Changes a password. False: the current one is no longer `from`. */
export async function changePassword(
  run: RunPrepared,
  seal: SignInSeal,
  change: PasswordChange & { from: string; keepSessionId: string; email: string },
): Promise<boolean> {
  const { tenantId, userId, from, passwordHash } = change;
  if (!(await lockActiveUser(run, tenantId, userId))) return false;
  const changed = await run(CHANGE, [tenantId, userId, from, passwordHash]);
  if (changed.length === 0) return false;
  await endSessions(run, change, { reason: 'PASSWORD_CHANGED', keepId: change.keepSessionId });
  // An earlier request for a reset is void now.
  await run(DROP_TOKENS, [tenantId, userId, []]);
  await finishChange(run, seal, change);
  return true;
}

async function finishChange(
  run: RunPrepared,
  seal: SignInSeal,
  { tenantId, userId, email, mail }: PasswordChange & { email: string },
): Promise<void> {
  await run(DROP_ATTEMPTS, [tenantId, seal.throttleIndex({ tenantId, kind: 'ACCOUNT', key: email })]);
  if (mail) await queueMail(run, seal, { tenantId, userId, mail });
}
