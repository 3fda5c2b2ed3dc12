import { Migration } from '@mikro-orm/migrations';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { KeyedMigration } from '../lib/migrations.ts';

// Rows in memory at the same time.
const BATCH_ROWS = 1000;

interface PlainRow {
  tenant_id: string;
  id: string;
  email: string;
  plain_email_key: string | null;
  phone: string;
}

interface SealedRow {
  tenant_id: string;
  id: string;
  email_sealed: Buffer | null;
  phone_sealed: Buffer | null;
}

type Position = { tenant_id: string; id: string };

const FIRST: Position = { tenant_id: '', id: '00000000-0000-0000-0000-000000000000' };

/**
 * Contact data are sealed: an address and a number can be read with a key only, and are found by blind
 * indexes.
 *
 * `email_key` and `phone_key` are HMAC-SHA256, all of it. What is converted is emptied before its column
 * goes, because a dropped column stays in rows that are not written again; `vacuum full users` removes it
 * from the files.
 */
export const migration: KeyedMigration = {
  name: '2026-11-20-seal-contact',
  withKeys(readKeys) {
    class SealContact extends Migration {
      override async up(): Promise<void> {
        await this.execute('alter table users rename column email_key to plain_email_key');
        await this.execute(`alter table users add column email_sealed bytea, add column phone_sealed bytea,
          add column email_key bytea, add column phone_key bytea, add column erase_time timestamptz(3)`);
        await convert<PlainRow>(
          this,
          `email <> '' or phone <> ''`,
          'email, plain_email_key, phone',
          async (rows) => seal(this, rows, readKeys()),
        );
        await this.execute(
          'alter table users drop column email, drop column phone, drop column plain_email_key',
        );
        await this.execute(`alter table users add check (email_key is null or octet_length(email_key) = 32),
          add check (phone_key is null or octet_length(phone_key) = 32)`);
        await this.execute(
          'create unique index users_email_key on users (tenant_id, email_key) where delete_time is null',
        );
        await this.execute(
          'create index users_phone_key on users (tenant_id, phone_key) where phone_key is not null',
        );
        // How far rows have been brought to these keys; `found`: how many had older ones in this pass so far.
        await this.execute(`create table key_rotations (
          sealing_key_id text not null,
          index_key_id text not null,
          after_tenant_id text not null,
          after_id uuid not null,
          found bigint not null,
          finish_time timestamptz(3),
          primary key (sealing_key_id, index_key_id)
        )`);
      }

      override async down(): Promise<void> {
        await this.execute('drop table key_rotations');
        await this.execute('drop index users_email_key, users_phone_key');
        await this.execute(`alter table users add column email text not null default '',
          add column phone text not null default '', add column plain_email_key text`);
        await convert<SealedRow>(
          this,
          'email_sealed is not null or phone_sealed is not null',
          'email_sealed, phone_sealed',
          async (rows) => open(this, rows, readKeys()),
        );
        await this.execute(`alter table users drop column email_sealed, drop column phone_sealed,
          drop column email_key, drop column phone_key, drop column erase_time`);
        await this.execute('alter table users rename column plain_email_key to email_key');
        await this.execute(
          'create unique index users_email_key on users (tenant_id, email_key) where delete_time is null',
        );
      }
    }
    return { name: this.name, class: SealContact };
  },
};

/** Takes the rows in question through a conversion, a batch at a time, in order of the primary key. */
async function convert<Row extends Position>(
  migration: Migration,
  which: string,
  columns: string,
  work: (rows: Row[]) => Promise<void>,
): Promise<void> {
  let after = FIRST;
  for (;;) {
    const rows = (await migration.execute(
      `select tenant_id, id, ${columns} from users
       where (${which}) and (tenant_id, id) > (?, ?::uuid) order by tenant_id, id limit ${BATCH_ROWS}`,
      [after.tenant_id, after.id],
    )) as unknown as Row[];
    if (rows.length > 0) await work(rows);
    const last = rows.at(-1);
    if (!last || rows.length < BATCH_ROWS) return;
    after = last;
  }
}

async function seal(migration: Migration, rows: readonly PlainRow[], keyring: Keyring): Promise<void> {
  const sealed = rows.map(({ tenant_id, id, email, plain_email_key, phone }) => {
    const place = (column: string) => ({ tenantId: tenant_id, table: 'users', column, rowId: id });
    // As numbers were compared when this was written; `2026-12-02-phone-keys` compares them anew.
    const digits = phone.replace(/\D/g, '');
    return {
      tenant_id,
      id,
      email_sealed: email && keyring.seal(email, place('email_sealed')).toString('hex'),
      email_key: plain_email_key && keyring.blindIndex(plain_email_key, place('email_key')).toString('hex'),
      phone_sealed: phone && keyring.seal(phone, place('phone_sealed')).toString('hex'),
      phone_key: digits && keyring.blindIndex(digits, place('phone_key')).toString('hex'),
    };
  });
  await migration.execute(
    `update users u set email = '', phone = '', plain_email_key = null,
       email_sealed = decode(nullif(r.email_sealed, ''), 'hex'), email_key = decode(nullif(r.email_key, ''), 'hex'),
       phone_sealed = decode(nullif(r.phone_sealed, ''), 'hex'), phone_key = decode(nullif(r.phone_key, ''), 'hex')
     from jsonb_to_recordset(?::jsonb) as r (
       tenant_id text, id uuid, email_sealed text, email_key text, phone_sealed text, phone_key text
     ) where u.tenant_id = r.tenant_id and u.id = r.id`,
    [JSON.stringify(sealed)],
  );
}

async function open(migration: Migration, rows: readonly SealedRow[], keyring: Keyring): Promise<void> {
  const opened = rows.map(({ tenant_id, id, email_sealed, phone_sealed }) => {
    const read = (sealed: Buffer | null, column: string) =>
      sealed ? keyring.open(sealed, { tenantId: tenant_id, table: 'users', column, rowId: id }) : '';
    const email = read(email_sealed, 'email_sealed');
    // As addresses were compared when this was written.
    const key = /^[\x21-\x7e]+$/.test(email) ? email.toLowerCase() : null;
    return { tenant_id, id, email, key, phone: read(phone_sealed, 'phone_sealed') };
  });
  await migration.execute(
    `update users u set email = r.email, phone = r.phone, plain_email_key = r.key
     from jsonb_to_recordset(?::jsonb) as r (tenant_id text, id uuid, email text, key text, phone text)
     where u.tenant_id = r.tenant_id and u.id = r.id`,
    [JSON.stringify(opened)],
  );
}
