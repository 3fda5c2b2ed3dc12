import { Migration } from '@mikro-orm/migrations';
import { phoneKey } from '@rollcall/contract/phone';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { KeyedMigration } from '../lib/migrations.ts';

// Rows in memory at the same time.
const BATCH_ROWS = 1000;

interface Row {
  tenant_id: string;
  id: string;
  phone_sealed: Buffer;
  phone_key: Buffer | null;
}

/**
 * Phone numbers are found by their main number: `phone_key` is the blind index of `phoneKey`, no longer of
 * all digits.
 *
 * Most rows stay as they are. A row with an extension, an international prefix 00 or a national prefix in
 * brackets gets another key, which the code from before does not look for; rows that such code writes
 * afterwards are found by their whole number.
 */
export const migration: KeyedMigration = {
  name: '2026-12-02-phone-keys',
  withKeys(readKeys) {
    class PhoneKeys extends Migration {
      override async up(): Promise<void> {
        await findBy(this, phoneKey, readKeys);
      }

      override async down(): Promise<void> {
        await findBy(this, allDigits, readKeys);
      }
    }
    return { name: this.name, class: PhoneKeys };
  },
};

// As numbers were compared before.
function allDigits(phone: string): string | null {
  return phone.replace(/\D/g, '') || null;
}

type KeyOf = (phone: string) => string | null;

/** Fills `phone_key` anew where it is another, a batch at a time, in order of the primary key. */
async function findBy(migration: Migration, keyOf: KeyOf, readKeys: () => Keyring): Promise<void> {
  let after = { tenant_id: '', id: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const rows = (await migration.execute(
      `select tenant_id, id, phone_sealed, phone_key from users
       where phone_sealed is not null and (tenant_id, id) > (?, ?::uuid) order by tenant_id, id limit ${BATCH_ROWS}`,
      [after.tenant_id, after.id],
    )) as unknown as Row[];
    const last = rows.at(-1);
    if (!last) return;
    await update(migration, changesOf(rows, keyOf, readKeys()));
    after = last;
  }
}

interface Change {
  readonly tenant_id: string;
  readonly id: string;
  readonly key: string | null;
}

function changesOf(rows: readonly Row[], keyOf: KeyOf, keyring: Keyring): Change[] {
  return rows.flatMap(({ tenant_id, id, phone_sealed, phone_key }) => {
    const place = { tenantId: tenant_id, table: 'users' };
    const key = keyOf(keyring.open(phone_sealed, { ...place, column: 'phone_sealed', rowId: id }));
    // One for each index key: a row that an older key made is left to the rotation of keys.
    const indexes = key === null ? [] : keyring.blindIndexes(key, { ...place, column: 'phone_key' });
    const isCurrent = phone_key === null ? key === null : indexes.some((each) => each.equals(phone_key));
    return isCurrent ? [] : [{ tenant_id, id, key: indexes[0]?.toString('hex') ?? null }];
  });
}

async function update(migration: Migration, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  await migration.execute(
    `update users u set phone_key = decode(r.key, 'hex')
     from jsonb_to_recordset(?::jsonb) as r (tenant_id text, id uuid, key text)
     where u.tenant_id = r.tenant_id and u.id = r.id`,
    [JSON.stringify(changes)],
  );
}
