import { phoneKey } from '@rollcall/contract/phone';
import { StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import { type Keyring, SealingError } from '@rollcall/runtime/sealing';
import { emailBaseKey, emailKey } from '../../users/user.ts';

/** The columns of `users` that hold contact data. Null where there is none. */
export interface ContactColumns {
  readonly email_sealed: Buffer | null;
  readonly email_key: Buffer | null;
  /** Of the address without a plus-suffix: duplicates are found by it. */
  readonly email_base_key: Buffer | null;
  readonly phone_sealed: Buffer | null;
  readonly phone_key: Buffer | null;
}

/** Whose contact data. */
export interface ContactOwner {
  readonly tenantId: string;
  readonly id: string;
}

/** The columns that are of the address. */
export type EmailColumns = Pick<ContactColumns, 'email_sealed' | 'email_key' | 'email_base_key'>;

/** Seals, opens and finds the contact data of table `users`: the one place that knows how they lie there. */
export interface ContactSeal {
  readonly keyring: Keyring;
  sealEmail(email: string, owner: ContactOwner): EmailColumns;
  sealPhone(phone: string, owner: ContactOwner): Pick<ContactColumns, 'phone_sealed' | 'phone_key'>;
  /** Throws SealingError. */
  open(
    columns: Pick<ContactColumns, 'email_sealed' | 'phone_sealed'>,
    owner: ContactOwner,
  ): { email: string; phone: string };
  /** What the column `email_key` may hold for an `emailKey`, one for each index key. */
  emailIndexes(key: string, tenantId: string): Buffer[];
  /**
   * What the column `phone_key` may hold for a phone number, for each index key. Rows of the code from before 2026-12-02
   * are found by all digits, so that other numbers may have these values too: see `isPhone`.
   */
  phoneIndexes(phone: string, tenantId: string): Buffer[];
  /** Whether a sealed number is this one, extensions aside. Throws SealingError. */
  isPhone(sealed: Buffer | null, phone: string, owner: ContactOwner): boolean;
}

const TABLE = 'users';

/** Contact data under the keys of a keyring. */
export function createContactSeal(keyring: Keyring): ContactSeal {
  const seal = (text: string, column: string, { tenantId, id }: ContactOwner) =>
    text === '' ? null : keyring.seal(text, { tenantId, table: TABLE, column, rowId: id });
  const open = (sealed: Buffer | null, column: string, { tenantId, id }: ContactOwner) =>
    sealed === null ? '' : keyring.open(sealed, { tenantId, table: TABLE, column, rowId: id });
  const index = (key: string | null, column: string, tenantId: string) =>
    key === null ? null : keyring.blindIndex(key, { tenantId, table: TABLE, column });
  return {
    keyring,
    sealEmail: (email, owner) => ({
      email_sealed: seal(email, 'email_sealed', owner),
      email_key: index(emailKey(email), 'email_key', owner.tenantId),
      email_base_key: index(emailBaseKey(email), 'email_base_key', owner.tenantId),
    }),
    sealPhone: (phone, owner) => ({
      phone_sealed: seal(phone, 'phone_sealed', owner),
      phone_key: index(phoneKey(phone), 'phone_key', owner.tenantId),
    }),
    open: (columns, owner) => ({
      email: open(columns.email_sealed, 'email_sealed', owner),
      phone: open(columns.phone_sealed, 'phone_sealed', owner),
    }),
    emailIndexes: (key, tenantId) =>
      keyring.blindIndexes(key, { tenantId, table: TABLE, column: 'email_key' }),
    phoneIndexes: (phone, tenantId) => {
      const keys = [...new Set([phoneKey(phone), digitsOf(phone)])].filter((key) => key !== null);
      const place = { tenantId, table: TABLE, column: 'phone_key' };
      return keys.flatMap((key) => keyring.blindIndexes(key, place));
    },
    isPhone: (sealed, phone, owner) => phoneKey(open(sealed, 'phone_sealed', owner)) === phoneKey(phone),
  };
}

/** What numbers were found by before 2026-12-02; null: nothing. */
function digitsOf(phone: string): string | null {
  return phone.replace(/[^0-9]/g, '') || null;
}

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
export async function requireContactKeys(pool: Pool, seal: ContactSeal): Promise<void> {
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
