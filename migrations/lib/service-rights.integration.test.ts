import { Secret } from '@rollcall/runtime';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { describe, expect, inject, it } from 'vitest';
import { DATABASES } from '../databases.ts';
import { migrateAsOwner } from '../migrate.ts';

const { auth } = DATABASES;
if (!auth) throw new Error('the database of this test is gone');

describe("the rights of the auth service's role", () => {
  const migrateAuth = (database: { url: string; ownerUrl: string }) =>
    migrateAsOwner(auth, { url: new Secret(database.url), ownerUrl: new Secret(database.ownerUrl) });

  it('B10: it works with rows, and can neither change the audit log nor the schema', async () => {
    await using database = await createTestDatabase('auth');
    await query(
      database.url,
      `insert into caller_grants (caller, name, methods, views, tenants)
      values ('booking', 'default', '{a/*}', '{}', '{*}')`,
    );
    for (const table of auth.owner?.rights.readOnly ?? []) {
      await query(database.url, `select * from ${table} limit 1`);
      for (const statement of [
        `insert into ${table} select * from ${table} limit 0`,
        `update ${table} set hash = sha256('x')`,
        `delete from ${table}`,
        `truncate ${table}`,
        `alter table ${table} disable trigger user`,
        `drop table ${table}`,
      ])
        await expect(query(database.url, statement)).rejects.toThrow(/permission denied|must be owner/);
    }
    for (const statement of [
      `insert into mikro_orm_migrations (name) values ('2999-01-01-robots')`,
      'create table mine (id int)',
      'drop schema public cascade',
      'set role auth_owner',
    ])
      await expect(query(database.url, statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('are given again by each migration, and none that somebody added stays', async () => {
    await using database = await createTestDatabase('auth');
    await query(database.ownerUrl, 'grant insert, update on audit_log to auth');
    await query(database.ownerUrl, 'revoke select on users from auth');
    await query(database.ownerUrl, 'grant create on schema public to auth');
    expect(await migrateAuth(database)).toEqual([]);
    expect(
      await query(
        database.url,
        `select has_table_privilege('audit_log', 'insert, update') as writes,
           has_table_privilege('users', 'select') as reads, has_schema_privilege('public', 'create') as creates`,
      ),
    ).toEqual([{ writes: false, reads: true, creates: false }]);
  });

  it('are refused to a role that has all rights anyway, or does not exist', async () => {
    await using database = await createTestDatabase('auth');
    const nobody = new URL(database.url);
    nobody.username = 'nobody_here';
    await expect(migrateAuth({ ...database, url: nobody.href })).rejects.toThrow(/has no role "nobody_here"/);
    const admin = new URL(inject('postgresAdminUrl'));
    await expect(migrateAuth({ ...database, url: admin.href })).rejects.toThrow(/is a superuser or a member/);
  });

  it('are those of the owner where one role is both', async () => {
    await using database = await createTestDatabase('auth');
    expect(await migrateAuth({ url: database.ownerUrl, ownerUrl: database.ownerUrl })).toEqual([]);
    expect(await migrateAsOwner(auth, { url: new Secret(database.ownerUrl) })).toEqual([]);
  });
});
