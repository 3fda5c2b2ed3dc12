import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { createTestDatabase } from './database.ts';
import { query } from './query.ts';

describe('createTestDatabase', () => {
  it.for(Object.keys(inject('postgresTemplateUrls')))(
    'clones the migrated database of %s for its own role',
    async (service) => {
      await using database = await createTestDatabase(service);
      const [row] = await query(
        database.url,
        'select current_user::text as role, current_database()::text as name',
      );
      expect(row).toEqual({
        role: service,
        name: expect.stringMatching(`^${service}_[0-9a-f]{12}$`),
      });
      expect(await query(database.url, 'select name from mikro_orm_migrations')).not.toEqual([]);
    },
  );

  it('gives every caller its own database, even many at once', async () => {
    const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase('auth')));
    await using cleanup = new AsyncDisposableStack();
    for (const database of databases) cleanup.use(database);
    await Promise.all(
      databases.map(({ ownerUrl }, at) => query(ownerUrl, `create table mine as select ${at} as at`)),
    );
    const rows = await Promise.all(databases.map(({ ownerUrl }) => query(ownerUrl, 'select at from mine')));
    expect(rows).toEqual([[{ at: 0 }], [{ at: 1 }], [{ at: 2 }], [{ at: 3 }]]);
  });

  it('drops the database despite open connections', async () => {
    const database = await createTestDatabase('auth');
    const client = new Client({ connectionString: database.url });
    // pg emits two errors: the database was dropped, and the connection ended.
    const dropped = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await database[Symbol.asyncDispose]();
    expect(await dropped).toMatchObject({ code: '57P01' });
    await expect(query(database.url, 'select 1')).rejects.toMatchObject({
      code: '3D000',
    });
  });

  it('names the missing service', async () => {
    await expect(createTestDatabase('cinema')).rejects.toThrow('no database for "cinema"');
  });
});
