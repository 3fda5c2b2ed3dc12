import { Secret } from '@rollcall/runtime';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { describe, expect, inject, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { migrate } from './migrate.ts';

const { auth, booking } = DATABASES;
if (!auth || !booking) throw new Error('the databases of this test are gone');

describe('migrate', () => {
  it('does not touch the database of another service, by whatever name it was found', async () => {
    await using database = await createTestDatabase('auth');
    await expect(migrate(booking, new Secret(database.url))).rejects.toThrow(
      'BOOKING_DATABASE_URL leads to the database of the auth service: give each service one of its own',
    );
    expect(await query(database.url, `select to_regclass('bookings') as found`)).toEqual([{ found: null }]);
  });

  it('says whose the database must be where the user may not change or enter it', async () => {
    await using database = await createTestDatabase('auth');
    const url = new URL(database.url);
    const stranger = new URL(inject('postgresTemplateUrls').booking ?? '');
    Object.assign(url, { username: stranger.username, password: stranger.password });
    await expect(migrate(auth, new Secret(url.href))).rejects.toThrow(
      /^The user that AUTH_DATABASE_URL names has no right to .*permission denied .*: make it the owner of the database/,
    );
  });
});
