import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import { attemptKey } from '../sign-in-context.ts';
import { createPeopleSeal } from './sign-in-seal.ts';

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
export async function eraseAddress(
  run: RunPrepared,
  keyring: Keyring,
  { tenantId, email }: { tenantId: string; email: string },
): Promise<void> {
  if (email === '') return;
  const seal = createPeopleSeal(keyring);
  const key = attemptKey(email);
  const counts = (['ACCOUNT', 'MAIL'] as const).map((kind) => seal.throttleIndex({ tenantId, kind, key }));
  await run(ERASE, [tenantId, seal.emailIndexes(tenantId, email), counts]);
}
