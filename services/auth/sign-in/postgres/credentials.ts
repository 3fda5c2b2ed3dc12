import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { ContactSeal } from '../../postgres/rows/contact-seal.ts';
import { emailKey, type User } from '../../users/user.ts';
import type { Access } from '../sign-in-store.ts';
import type { SignInSeal } from './sign-in-seal.ts';

/**
 * SQL that answers a row when user $2 of tenant $1 is not erased, and keeps the user so until the transaction
 * ends. Without it, rows of a user could be written behind an erasure that is going on.
 */
export const LOCK_UNERASED_USER = `select 1 from users where tenant_id = $1::text and id = $2::uuid and erase_time is null for key share`;

const ACTIVE = {
  name: 'sign_in_lock_active',
  text: `select 1 from users where tenant_id = $1 and id = $2 and state = 'ACTIVE' and merged_into is null
    for key share`,
};

/**
 * Locks a user, and answers whether the user is active. Must be the first statement of a transaction about
 * the user's sign-in: an erasure locks in this order too.
 */
export async function lockActiveUser(run: RunPrepared, tenantId: string, userId: string): Promise<boolean> {
  return (await run(ACTIVE, [tenantId, userId])).length > 0;
}

const FIND = {
  name: 'access_find',
  text: `select c.password_hash, v.email_sealed from (select $1::text as tenant_id, $2::uuid as user_id) who
    left join credentials c on c.tenant_id = who.tenant_id and c.user_id = who.user_id
    left join verified_emails v on v.tenant_id = who.tenant_id and v.user_id = who.user_id`,
};

const REPLACE = {
  name: 'credentials_replace',
  text: `update credentials set password_hash = $4, update_time = now()
    where tenant_id = $1 and user_id = $2 and password_hash = $3`,
};

/** Seals of the data of sign-in, and of users' contact data. */
export interface SignInSeals {
  readonly seal: SignInSeal;
  readonly contactSeal: ContactSeal;
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Reads the password and the verification of a user. Runs the statement for an unknown user too. */
export async function findAccess(
  run: RunPrepared,
  seal: SignInSeal,
  { tenantId, user }: { tenantId: string; user: User | undefined },
): Promise<Access> {
  const id = user?.id ?? NIL_UUID;
  type Row = { password_hash: string | null; email_sealed: Buffer | null };
  const [row] = await run<Row>(FIND, [tenantId, id]);
  return {
    passwordHash: row?.password_hash ?? undefined,
    isEmailVerified: isVerified(seal, row?.email_sealed ?? null, {
      tenantId,
      id,
      email: user?.contact?.email,
    }),
  };
}

/** Whether the verified address, sealed, is the current address of the user. */
export function isVerified(
  seal: SignInSeal,
  sealed: Buffer | null,
  { tenantId, id, email = '' }: { tenantId: string; id: string; email?: string | undefined },
): boolean {
  const verified = sealed && emailKey(seal.openVerified(sealed, { tenantId, id }));
  return verified !== null && verified === emailKey(email);
}

/**
 * Whether the address of a user is verified. Takes both addresses sealed.
 * @throws SealingError when one of them cannot be opened
 */
export function hasVerifiedEmail(
  { seal, contactSeal }: SignInSeals,
  { email_sealed, verified_sealed }: { email_sealed: Buffer | null; verified_sealed: Buffer | null },
  owner: { tenantId: string; id: string },
): boolean {
  const { email } = contactSeal.open({ email_sealed, phone_sealed: null }, owner);
  return isVerified(seal, verified_sealed, { ...owner, email });
}

/** Replaces a hash, unless another call has replaced it. */
export async function replaceHash(
  run: RunPrepared,
  { tenantId, userId, from, to }: { tenantId: string; userId: string; from: string; to: string },
): Promise<void> {
  await run(REPLACE, [tenantId, userId, from, to]);
}
