import { phoneKey } from '@rollcall/contract/phone';
import { StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import { type Keyring, SealingError } from '@rollcall/runtime/sealing';
import { emailBaseKey, emailKey } from '../../users/user.ts';

/** The columns of `users` that hold contact data. Null without a value. */
export interface ContactColumns {
  readonly email_sealed: Buffer | null;
  readonly email_key: Buffer | null;
  /** Blind index of the address without its plus-suffix, by which duplicates are found. */
  readonly email_base_key: Buffer | null;
  readonly phone_sealed: Buffer | null;
  readonly phone_key: Buffer | null;
}

/** The user whose contact data it is. */
export interface ContactOwner {
  readonly tenantId: string;
  readonly id: string;
}

/** The columns for the address. */
type EmailColumns = Pick<ContactColumns, 'email_sealed' | 'email_key' | 'email_base_key'>;

/** Seals, opens and finds the contact data in table `users`. Only this code knows how they are stored. */
export interface ContactSeal {
  readonly keyring: Keyring;
  sealEmail(email: string, owner: ContactOwner): EmailColumns;
  sealPhone(phone: string, owner: ContactOwner): Pick<ContactColumns, 'phone_sealed' | 'phone_key'>;
  /**
   * Opens sealed contact data.
   * @throws SealingError when a key is unknown or a value was altered or moved.
   */
  open(
    columns: Pick<ContactColumns, 'email_sealed' | 'phone_sealed'>,
    owner: ContactOwner,
  ): { email: string; phone: string };
  /** The values that `email_key` may hold for an `emailKey`, one for each index key. */
  emailIndexes(key: string, tenantId: string): Buffer[];
  /**
   * The values that `phone_key` may hold for a phone number, one or two for each index key.
   * Rows from before 2026-12-02 are found by all digits of the number, so other numbers may have the same
   * values: check with `isPhone`.
   */
  phoneIndexes(phone: string, tenantId: string): Buffer[];
  /**
   * Whether a sealed number is this one, ignoring extensions.
   * @throws SealingError when the key is unknown or the value was altered or moved.
   */
  isPhone(sealed: Buffer | null, phone: string, owner: ContactOwner): boolean;
}

const TABLE = 'users';

/** Creates the seal of contact data from a keyring. */
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

/** The key that phone numbers were found by before 2026-12-02; null without digits. */
function digitsOf(phone: string): string | null {
  return phone.replace(/[^0-9]/g, '') || null;
}

type Sample = Pick<ContactColumns, 'email_sealed' | 'phone_sealed'> & {
  tenant_id: string;
  id: string;
  email_key: Buffer;
};

/**
 * Checks the configured keys against one stored address, before the service takes calls.
 * With other keys, every read of contact data would fail and one address could be taken twice.
 * @throws StartupError naming the variable and the cure.
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
