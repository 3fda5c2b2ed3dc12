import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import { createPeopleSeal } from './people-seal.ts';

const ERASE = {
  name: 'people_erase',
  text: `with tokens as (
      delete from refresh_tokens t using sessions s
      where s.tenant_id = $1 and s.user_id = $2 and t.tenant_id = s.tenant_id and t.session_id = s.id
    ), mails as (
      delete from mail_outbox where tenant_id = $1 and (user_id = $2 or email_key = any($3::bytea[]))
    ), mail_tokens as (
      delete from mail_tokens where tenant_id = $1 and (user_id = $2 or email_key = any($3::bytea[]))
    ), verified as (
      delete from verified_emails where tenant_id = $1 and user_id = $2
    ), known as (
      delete from sign_ins where tenant_id = $1 and user_id = $2
    ), counted as (
      delete from throttles where tenant_id = $1 and key = any($4::bytea[])
    )
    delete from credentials where tenant_id = $1 and user_id = $2`,
};

// Behind the other: its tokens refer to it.
const ERASE_SESSIONS = {
  name: 'people_erase_sessions',
  text: 'delete from sessions where tenant_id = $1 and user_id = $2',
};

/**
 * Removes everything about a user's sign-in within the transaction that erases the user: password, sessions, tokens, mails
 * that wait, sign-ins. Access tokens that were made before live on until they expire.
 * @param email the user's address so far; empty: none
 */
export async function erasePeople(
  run: RunPrepared,
  keyring: Keyring,
  { tenantId, userId, email }: { tenantId: string; userId: string; email: string },
): Promise<void> {
  const seal = createPeopleSeal(keyring);
  const key = email.trim().toLowerCase();
  const emailKeys = email === '' ? [] : seal.emailIndexes(tenantId, email);
  const counts = (['ACCOUNT', 'MAIL'] as const).map((kind) => seal.throttleIndex({ tenantId, kind, key }));
  await run(ERASE, [tenantId, userId, emailKeys, counts]);
  await run(ERASE_SESSIONS, [tenantId, userId]);
}
