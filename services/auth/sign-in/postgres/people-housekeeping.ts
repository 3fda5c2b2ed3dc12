import { type Pool, runPrepared } from '@rollcall/runtime/postgres';

/** How long sign-ins are told of. Our own choice; they hold addresses of machines. */
export const SIGN_INS_DAYS = 90;

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
export async function cleanPeople(pool: Pool): Promise<number> {
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
