import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import { emailThrottleKey } from '../throttle.ts';
import { createSignInSeal } from './sign-in-seal.ts';

const ERASE = {
  name: 'erase_sign_in_by_email',
  text: `with mails as (
      delete from mail_outbox where tenant_id = $1 and email_key = any($2::bytea[])
    ), tokens as (
      delete from mail_tokens where tenant_id = $1 and email_key = any($2::bytea[])
    )
    delete from throttles where tenant_id = $1 and key = any($3::bytea[])`,
};

/**
 * Deletes what sign-in keeps by address, within the transaction that erases the user: pending registrations,
 * mails and counted attempts. `ERASED_TABLES` names what it keeps by user.
 * @param email the user's address before the erasure; empty: none
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

/** How many days sign-ins are kept: they contain addresses of machines. Our own choice. */
const SIGN_INS_DAYS = 90;

const ROWS = 1000;

const statement = (name: string, text: string) => ({ name: `sign_in_clean_${name}`, text });

// A few rows at a time: a statement that deletes a million holds the change feed back.
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

/** Deletes expired rows, at most `ROWS` of each table. Answers how many mails were given up. */
export async function deleteExpired(pool: Pool): Promise<number> {
  let mails = 0;
  for (const each of CLEAN) {
    const removed = await runPrepared(pool, each, []);
    if (each.name === 'sign_in_clean_mail_outbox') mails = removed.length;
  }
  return mails;
}

function oldest(table: string, condition: string): string {
  return `delete from ${table} where ctid in (select ctid from ${table} where ${condition} limit ${ROWS} for update skip locked)
    returning 1`;
}
