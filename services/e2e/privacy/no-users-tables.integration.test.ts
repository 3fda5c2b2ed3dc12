import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { ALLOWED } from './allowed-columns.test-support.ts';
import { type Column, outdated, readColumns, unexplained } from './columns.test-support.ts';

const SERVICES = ['booking', 'vendor', 'billing'] as const;

/** The columns of a service's database after all migrations, and after these statements. */
async function columnsOf(service: (typeof SERVICES)[number], ...statements: string[]): Promise<Column[]> {
  await using database = await createTestDatabase(service);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
    return await readColumns(client);
  } finally {
    await client.end();
  }
}

describe.each(SERVICES)('the database of %s', (service) => {
  it('has no column that could hold the name, e-mail address or phone number of a user, but for those with a reason', async () => {
    const columns = await columnsOf(service);
    expect(columns.length).toBeGreaterThan(20);
    expect(unexplained(columns, ALLOWED[service])).toEqual([]);
  });

  it('has every column that a reason is given for', async () => {
    expect(outdated(await columnsOf(service), ALLOWED[service])).toEqual([]);
  });
});

describe('the rule', () => {
  it.each([
    ['booking', 'alter table bookings add column guest_name text', 'bookings.guest_name (text)'],
    ['booking', 'alter table bookings add column guest jsonb', 'bookings.guest (jsonb)'],
    ['booking', 'alter table reviews add column seen_by text[]', 'reviews.seen_by (_text)'],
    ['vendor', 'alter table vendors add column owner varchar(80)', 'vendors.owner (varchar)'],
    ['vendor', 'alter table vendors add column phone bigint', 'vendors.phone (int8)'],
    ['vendor', 'create table people (id uuid, blob bytea)', 'people.blob (bytea)'],
    ['vendor', "create view owners as select 'Ann'::text as owner", 'owners.owner (text)'],
    ['billing', 'alter table customers add column email text', 'customers.email (text)'],
    [
      'billing',
      "alter table customers add column who text check (who in ('X', 'Y') or length(who) < 50)",
      'customers.who (text)',
    ],
  ] as const)('finds in %s: %s', async (service, statement, found) => {
    expect(unexplained(await columnsOf(service, statement), ALLOWED[service])).toEqual([found]);
  });

  it('lets ids, amounts, times and words of a list be', async () => {
    const harmless = `create table harmless (id uuid, ids uuid[], amount bigint, at timestamptz, is_open boolean,
      state text check (state in ('OPEN', 'CLOSED')))`;
    expect(unexplained(await columnsOf('vendor', harmless), ALLOWED.vendor)).toEqual([]);
  });

  it('finds a reason that outlived its column', async () => {
    const columns = await columnsOf('vendor', 'alter table vendors drop column business_license');
    expect(outdated(columns, ALLOWED.vendor)).toEqual(['vendors.business_license']);
  });

  it('knows two exceptions, and no more', () => {
    const exceptions = SERVICES.flatMap((service) =>
      Object.entries(ALLOWED[service].columns).filter(([, reason]) => reason.includes('EXCEPTION')),
    );
    expect(exceptions.map(([column]) => column)).toEqual(['bookings.contact_details', 'invoices.profile']);
  });
});
