import { StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import { SealingError } from '@rollcall/runtime/sealing';
import { emailKey } from '../../users/user.ts';
import type { ContactColumns, ContactSeal } from '../rows/contact-seal.ts';

type Sample = Pick<ContactColumns, 'email_sealed' | 'phone_sealed'> & {
  tenant_id: string;
  id: string;
  email_key: Buffer;
};

/**
 * Tries the keys on one address, before the first call: with other keys than the database's own, every read of contact data
 * would fail, and one address could be taken twice.
 * @throws StartupError naming the variable and the cure
 */
export async function requireKeys(pool: Pool, seal: ContactSeal): Promise<void> {
  const { rows } = await pool.query<Sample>(
    `select tenant_id, id, email_sealed, null::bytea as phone_sealed, email_key from users
     where delete_time is null and email_key is not null limit 1`,
  );
  const [row] = rows;
  if (!row) return;
  const key = emailKey(openEmail(row, seal)) ?? '';
  if (seal.emailIndexes(key, row.tenant_id).some((index) => index.equals(row.email_key))) return;
  throw new StartupError(
    'None of AUTH_INDEX_KEYS is a key that the addresses in the database are found by: add the one that was used before, behind the others',
  );
}

function openEmail(row: Sample, seal: ContactSeal): string {
  try {
    return seal.open(row, { tenantId: row.tenant_id, id: row.id }).email;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new StartupError(
      `AUTH_ENCRYPTION_KEYS does not open the contact data in the database, which are sealed with key "${error.keyId}": add that key behind the others, or correct it`,
      { cause: error },
    );
  }
}
