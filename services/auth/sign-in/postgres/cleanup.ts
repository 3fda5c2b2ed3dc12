import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import { emailThrottleKey } from '../throttle.ts';
import { createSignInSeal } from './sign-in-seal.ts';

const ERASE = {
  name: 'erase_people_by_address',
  text: `with mails as (
      delete from mail_outbox where tenant_id = $1 and email_key = any($2::bytea[])
    ), tokens as (
      delete from mail_tokens where tenant_id = $1 and email_key = any($2::bytea[])
    )
    delete from throttles where tenant_id = $1 and key = any($3::bytea[])`,
};

/**
 * Removes what people's sign-in keeps by an address and not by a user, within the transaction that erases the user:
 * registrations and mails that are on their way, attempts that are counted. What it keeps by user stands in `ERASED_TABLES`.
 * @param email the user's address so far; empty: none
 */
export async function eraseByEmail(
  run: RunPrepared,
  keyring: Keyring,
  { tenantId, email }: { tenantId: string; email: string },
): Promise<void> {
  if (email === '') return;
  const seal = createSignInSeal(keyring);
  const key = emailThrottleKey(email);
  const counts = (['ACCOUNT', 'MAIL'] as const).map((kind) => seal.throttleIndex({ tenantId, kind, key }));
  await run(ERASE, [tenantId, seal.emailIndexes(tenantId, email), counts]);
}

/** How long sign-ins are told of. Our own choice; they hold addresses of machines. */
const SIGN_INS_DAYS = 90;

const ROWS = 1000;

const statement = (name: string, text: string) => ({ name: `people_clean_${name}`, text });

// A few rows at a time: a statement that removes a million holds the change feed back.
const CLEAN = [
  statement('mail_tokens', oldest('mail_tokens', 'expire_time < now()')),
  statement('mail_outbox', oldest('mail_outbox', 'expire_time < now()')),
  statement('sessions', oldest('sessions', `expire_time < now()`)),
  statement(
    'throttles',
    oldest('throttles', `update_time < now() - interval '1 day' and blocked_until < now()`),
  ),
  statement('sign_ins', oldest('sign_ins', `create_time < now() - interval '${SIGN_INS_DAYS} days'`)),
];

/** Removes what has expired, some of each at most. Answers how many mails were given up. */
export async function deleteExpired(pool: Pool): Promise<number> {
  let mails = 0;
  for (const each of CLEAN) {
    const removed = await runPrepared(pool, each, []);
    if (each.name === 'people_clean_mail_outbox') mails = removed.length;
  }
  return mails;
}

function oldest(table: string, condition: string): string {
  return `delete from ${table} where ctid in (select ctid from ${table} where ${condition} limit ${ROWS} for update skip locked)
    returning 1`;
}
