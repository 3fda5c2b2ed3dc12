import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '@rollcall/runtime';
import { createKeyring } from '@rollcall/runtime/sealing';
import { TEST_KEYS } from '@rollcall/runtime/testing';
import { Client } from 'pg';

/** Everything that an import writes for one tenant, in an order of its own. */
export interface Snapshot {
  readonly users: readonly Record<string, unknown>[];
  /** With the e-mail of the user that `user_id` leads to. */
  readonly bookings: readonly Record<string, unknown>[];
}

/**
 * Reads what two databases hold for a tenant, once everything is told that is to be told. Ids, request ids,
 * times and what depends on how often users were told of only with `exact`: they differ between tenants.
 */
export async function takeSnapshot(
  databaseUrls: { readonly auth: string; readonly booking: string },
  tenantId: string,
  { exact }: { exact: boolean } = { exact: false },
): Promise<Snapshot> {
  await untilTold(databaseUrls.booking, tenantId);
  const stored = await query(databaseUrls.auth, 'select * from users where tenant_id = $1', tenantId);
  const all = stored
    .map(opened)
    .sort((a, b) => (String(a.email).toLowerCase() < String(b.email).toLowerCase() ? -1 : 1));
  const rows = await query(databaseUrls.booking, 'select * from bookings where tenant_id = $1', tenantId);
  const emails = new Map(all.map(({ id, email }) => [id, String(email).toLowerCase()]));
  const bookings = rows.map((row) => ({ ...row, user_email: emails.get(row.user_id) ?? row.user_id }));
  const strip = exact ? (row: Record<string, unknown>) => row : withoutOwn;
  const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return { users: all.map(strip), bookings: bookings.map(strip).sort(byText) };
}

/** How many rows a table has for a tenant. */
export async function countRows(url: string, table: 'users' | 'bookings', tenantId: string): Promise<number> {
  const [row] = await query(url, `select count(*)::int as size from ${table} where tenant_id = $1`, tenantId);
  return Number(row?.size);
}

const keyring = createKeyring({
  encryptionKeys: new Secret(TEST_KEYS.AUTH_ENCRYPTION_KEYS),
  indexKeys: new Secret(TEST_KEYS.AUTH_INDEX_KEYS),
});

/** Contact data in the clear, in place of what they are sealed and found by. */
function opened(row: Record<string, unknown>): Record<string, unknown> {
  const { email_sealed, phone_sealed, email_key, email_base_key, phone_key, ...rest } = row;
  const open = (sealed: unknown, column: string) =>
    sealed instanceof Buffer
      ? keyring.open(sealed, {
          tenantId: String(row.tenant_id),
          table: 'users',
          column,
          rowId: String(row.id),
        })
      : '';
  return { ...rest, email: open(email_sealed, 'email_sealed'), phone: open(phone_sealed, 'phone_sealed') };
}

const OWN = new Set(
  'tenant_id id user_id reference request_id request_fingerprint create_time update_time version last_activity_time'.split(
    ' ',
  ),
);

function withoutOwn(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !OWN.has(column)));
}

// Bookings tell the user service of themselves, a moment later.
async function untilTold(bookingUrl: string, tenantId: string): Promise<void> {
  const waiting = `select 1 from graphile_worker._private_jobs where payload ->> 'tenantId' = $1 limit 1`;
  while ((await query(bookingUrl, waiting, tenantId)).length > 0) await sleep(100);
}

async function query(url: string, statement: string, tenantId: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement, [tenantId])).rows;
  } finally {
    await client.end();
  }
}
