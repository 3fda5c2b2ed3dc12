import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Secret } from '@rollcall/runtime';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { Client, escapeIdentifier } from 'pg';
import { expect, inject, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { migrate } from './migrate.ts';

// What a dump does not keep is left out: names of not-null constraints, brackets in triggers, indents in
// function bodies.
const CATALOGUE = `
  select format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
    case when attnotnull then 'not null ' else '' end || attidentity::text, pg_get_expr(adbin, adrelid)) as line
  from pg_attribute join pg_class c on c.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
  union all select format('%s %s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
  union all select indexdef from pg_indexes where schemaname = 'public'
  union all select 'storage ' || relname || coalesce(reloptions::text, '') from pg_class where relnamespace = 'public'::regnamespace
  union all select regexp_replace(pg_get_functiondef(oid), '\\n\\s*', E'\\n', 'g')
  from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'
  union all select translate(pg_get_triggerdef(t.oid), '()', '') from pg_trigger t join pg_class c on c.oid = tgrelid
  where relnamespace = 'public'::regnamespace and not tgisinternal
  union all select 'view ' || viewname || definition from pg_views where schemaname = 'public'
  order by 1`;

it.each(Object.entries(DATABASES))(
  'the %s database of version 0.1.0 migrates to the schema of a new one',
  async (service, database) => {
    await using recorded = await createRecordedDatabase(service);
    const names = database.migrations.map(({ name }) => name);
    const before = await appliedIn(recorded.url);
    expect(names.slice(0, before.length)).toEqual(before);

    expect(await migrate(database, new Secret(recorded.url))).toEqual(names.slice(before.length));

    await using fresh = await createTestDatabase(service);
    expect(await appliedIn(recorded.url)).toEqual(await appliedIn(fresh.ownerUrl));
    expect(await query(recorded.url, CATALOGUE)).toEqual(await query(fresh.ownerUrl, CATALOGUE));
  },
);

/** Creates a database from the recorded schema, owned by the role that owns the tables of the service. */
async function createRecordedDatabase(service: string): Promise<{ url: string } & AsyncDisposable> {
  const url = new URL(inject('postgresOwnerUrls')[service] ?? '');
  url.pathname = `/recorded_${service}_${randomBytes(6).toString('hex')}`;
  const name = escapeIdentifier(url.pathname.slice(1));
  await run(inject('postgresAdminUrl'), `create database ${name} owner ${escapeIdentifier(url.username)}`);
  const dump = new URL(`testing/schemas/${service}.sql`, import.meta.url);
  await run(url.href, readFileSync(dump, 'utf8'));
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => run(inject('postgresAdminUrl'), `drop database ${name} with (force)`),
  };
}

async function appliedIn(url: string): Promise<string[]> {
  const rows = await query<{ name: string }>(url, 'select name from mikro_orm_migrations order by id');
  return rows.map(({ name }) => name);
}

async function run(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
