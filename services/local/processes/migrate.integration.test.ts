import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';

describe('migrate', () => {
  it('names the embedded database that is too new, and no variable that nobody set', async () => {
    await using database = await createTestDatabase('auth');
    await makeTooNew(database.ownerUrl);
    const options = { env: process.env, embeddedIn: '/home/me/.rollcall' };
    await expect(migrate('auth', database.ownerUrl, options)).rejects.toThrow(
      /^The embedded auth database in \/home\/me\/\.rollcall was made by a newer version .*--reset.*ROLLCALL_DATA_DIR/,
    );
  });

  it('names the variable where that led to the database', async () => {
    await using database = await createTestDatabase('auth');
    await makeTooNew(database.ownerUrl);
    await expect(migrate('auth', database.ownerUrl, { env: process.env })).rejects.toThrow(
      'The database of AUTH_DATABASE_URL is too new: it has 2999-01-01-robots',
    );
  });
});

async function makeTooNew(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `insert into mikro_orm_migrations (name, executed_at) values ('2999-01-01-robots', now())`,
    );
  } finally {
    await client.end();
  }
}
