import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Access, FailedSignIn, SessionOpening } from '../people/people-store.ts';
import { emailKey, type User } from '../users/user.ts';
import { PERSON } from './people-lock.ts';
import type { PeopleSeal } from './people-seal.ts';

const FIND = {
  name: 'access_find',
  text: `select c.password_hash, v.email_sealed from (select $1::text as tenant_id, $2::uuid as user_id) who
    left join credentials c on c.tenant_id = who.tenant_id and c.user_id = who.user_id
    left join verified_emails v on v.tenant_id = who.tenant_id and v.user_id = who.user_id`,
};

const FAILED = {
  name: 'sign_in_failed',
  text: `with person as (${PERSON})
    insert into sign_ins (tenant_id, user_id, outcome, source_address)
    select $1, $2, $3::text, $4::text where $2::uuid is null or exists (select from person)`,
};

const REPLACE = {
  name: 'credentials_replace',
  text: `update credentials set password_hash = $4, update_time = now()
    where tenant_id = $1 and user_id = $2 and password_hash = $3`,
};

// Looked at once more: the user may have been suspended, or the password changed, while the hash was computed. The lock waits
// for an erasure that is at work, and sees what it did.
const OPEN = {
  name: 'session_open',
  text: `with allowed as (
      select u.tenant_id, u.id from users u join credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id
      where u.tenant_id = $1 and u.id = $2 and u.state = 'ACTIVE' and c.password_hash = $3
      for key share of u
    ), opened as (
      insert into sessions (tenant_id, id, user_id, expire_time) select tenant_id, $4::uuid, id, $5::timestamptz from allowed
      returning tenant_id, id, user_id
    ), kept as (
      insert into refresh_tokens (tenant_id, token_hash, session_id) select tenant_id, $6::bytea, id from opened
    ), noted as (
      insert into sign_ins (tenant_id, user_id, outcome, source_address, session_id)
      select tenant_id, user_id, 'SUCCEEDED', $7::text, id from opened
    ), forgiven as (
      delete from throttles where tenant_id = $1 and kind = 'ACCOUNT' and key = $8 and exists (select from opened)
    )
    select id from opened`,
};

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What there is to compare with; the same statement runs for nobody. */
export async function findAccess(
  run: RunPrepared,
  seal: PeopleSeal,
  { tenantId, user }: { tenantId: string; user: User | undefined },
): Promise<Access> {
  const id = user?.id ?? NOBODY;
  type Row = { password_hash: string | null; email_sealed: Buffer | null };
  const [row] = await run<Row>(FIND, [tenantId, id]);
  const verified = row?.email_sealed ? emailKey(seal.openVerified(row.email_sealed, { tenantId, id })) : null;
  return {
    passwordHash: row?.password_hash ?? undefined,
    isEmailVerified: verified !== null && verified === emailKey(user?.contact?.email ?? ''),
  };
}

/** Notes a sign-in that failed. */
export async function recordFailure(
  run: RunPrepared,
  { tenantId, userId, outcome, source }: FailedSignIn,
): Promise<void> {
  await run(FAILED, [tenantId, userId ?? null, outcome, source]);
}

/** Replaces a hash, unless that was done already. */
export async function replaceHash(
  run: RunPrepared,
  { tenantId, userId, from, to }: { tenantId: string; userId: string; from: string; to: string },
): Promise<void> {
  await run(REPLACE, [tenantId, userId, from, to]);
}

/** Opens a session. False: not any more. */
export async function openSession(
  run: RunPrepared,
  seal: PeopleSeal,
  opening: SessionOpening,
): Promise<boolean> {
  const { tenantId, userId, passwordHash, sessionId, expireTime, tokenHash, source, email } = opening;
  const account = seal.throttleIndex({ tenantId, kind: 'ACCOUNT', key: email });
  const values = [tenantId, userId, passwordHash, sessionId, expireTime, tokenHash, source, account];
  return (await run(OPEN, values)).length > 0;
}
