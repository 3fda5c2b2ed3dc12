import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { ContactSeal } from '../../postgres/rows/contact-seal.ts';
import { emailKey, type User } from '../../users/user.ts';
import type { Access } from '../sign-in-store.ts';
import type { SignInSeal } from './sign-in-seal.ts';

/**
 * Selects a row where user $2 of tenant $1 is not erased, and keeps it so until the transaction ends: nothing of a person may be
 * written behind an erasure that is at work.
 */
export const LOCK_UNERASED_USER = `select 1 from users where tenant_id = $1::text and id = $2::uuid and erase_time is null for key share`;

const ACTIVE = {
  name: 'people_hold_active',
  text: `select 1 from users where tenant_id = $1 and id = $2 and state = 'ACTIVE' and merged_into is null
    for key share`,
};

/**
 * Whether a user is active. The first statement of every transaction about a user's sign-in, before any other row is locked: an
 * erasure goes the same way.
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

/** How people's data and users' contact data are sealed. */
export interface SignInSeals {
  readonly seal: SignInSeal;
  readonly contactSeal: ContactSeal;
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** What there is of somebody's sign-in; nobody has nothing. */
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

/** Whether the address that was verified, sealed, is the one that the user has now. */
export function isVerified(
  seal: SignInSeal,
  sealed: Buffer | null,
  { tenantId, id, email = '' }: { tenantId: string; id: string; email?: string | undefined },
): boolean {
  const verified = sealed && emailKey(seal.openVerified(sealed, { tenantId, id }));
  return verified !== null && verified === emailKey(email);
}

/** Whether a user's address is verified, of both as they are kept. Throws SealingError. */
export function hasVerifiedEmail(
  { seal, contactSeal }: SignInSeals,
  { email_sealed, verified_sealed }: { email_sealed: Buffer | null; verified_sealed: Buffer | null },
  owner: { tenantId: string; id: string },
): boolean {
  const { email } = contactSeal.open({ email_sealed, phone_sealed: null }, owner);
  return isVerified(seal, verified_sealed, { ...owner, email });
}

/** Replaces a hash, unless that was done already. */
export async function replaceHash(
  run: RunPrepared,
  { tenantId, userId, from, to }: { tenantId: string; userId: string; from: string; to: string },
): Promise<void> {
  await run(REPLACE, [tenantId, userId, from, to]);
}
