import { Secret } from '@rollcall/runtime';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { migrate } from './migrate.ts';

const { auth, billing, booking } = DATABASES;
if (!auth || !billing || !booking) throw new Error('the databases of this test are gone');

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

  it('A6: waits for the lock of another with a word and a bound, and names who holds it', async () => {
    await using database = await createTestDatabase('auth');
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    // As a version before this one takes it, for the whole session.
    await holder.query('select pg_advisory_lock(7240518302)');
    const said: string[] = [];
    const options = { waitMs: 600, onWait: (why: string) => said.push(why) };
    const { processID } = holder as unknown as { processID: number };
    await expect(migrate(auth, new Secret(database.url), options)).rejects.toThrow(
      new RegExp(
        `^The database of AUTH_DATABASE_URL is still locked by another migration after 0.6 s \\(session ${processID} of PostgreSQL, idle since .*pg_terminate_backend\\(${processID}\\)`,
      ),
    );
    expect(said).toEqual([expect.stringMatching(/^waits for another migration .*, at most 0.6 s$/)]);
    const waiting = migrate(auth, new Secret(database.url), { ...options, waitMs: 20_000 });
    await expect.poll(() => said.length).toBe(2);
    await holder.end();
    expect(await waiting).toEqual([]);
  });

  it('A6: leaves no lock, also where several run at once', async () => {
    await using database = await createTestDatabase('auth');
    const url = new Secret(database.url);
    expect(await Promise.all([migrate(auth, url), migrate(auth, url), migrate(auth, url)])).toEqual([
      [],
      [],
      [],
    ]);
    const locks = `select count(*)::int as n from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`;
    expect(await query(database.url, locks)).toEqual([{ n: 0 }]);
  });

  it('A6: sets the timeout of sessions behind a pooler once, and is not ended by it', async () => {
    await using database = await createTestDatabase('booking');
    const url = new Secret(database.url);
    const timeout = `select current_setting('statement_timeout') as value`;
    expect(await query(database.url, timeout)).toEqual([{ value: '0' }]);
    await migrate(booking, url, { isPooled: true });
    expect(await query(database.url, timeout)).toEqual([{ value: '5s' }]);
    // One that somebody made shorter stays, and migrations take their time all the same.
    const name = new URL(database.url).pathname.slice(1);
    await query(database.url, `alter database "${name}" set statement_timeout = '1ms'`);
    // The statement that reads the timeout is under it, and a busy machine may take longer than that for any
    // statement.
    const migrated = () => migrate(booking, url, { isPooled: true }).catch(String);
    await expect.poll(migrated, { interval: 0 }).toEqual([]);
  });

  it('A6: says so where a setting of the role takes the timeout away', async () => {
    await using database = await createTestDatabase('booking');
    const { pathname, username } = new URL(database.url);
    await query(
      database.url,
      `alter role "${username}" in database "${pathname.slice(1)}" set statement_timeout = 0`,
    );
    await expect(migrate(booking, new Secret(database.url), { isPooled: true })).rejects.toThrow(
      `statement_timeout is 0 ms for the role ${username} of BOOKING_DATABASE_URL`,
    );
  });
});

describe('payments of before Stripe’s units were known', () => {
  it('money-units: are told again some time later where they were told wrong', async () => {
    await using database = await createTestDatabase('billing');
    const sql = (text: string) => query(database.url, text);
    await sql(`delete from mikro_orm_migrations where name = '2026-12-02-stripe-units'`);
    await sql('drop index payments_fractional');
    const [user, krona, euro, both] = ['1', '2', '3', '4'].map(
      (digit) => `019c0000-0000-7000-8000-${digit.repeat(12)}`,
    );
    const pay = (booking: string | undefined, currency: string, captured: number, of = user) =>
      sql(`insert into payments (id, stripe_payment_intent_id, tenant_id, user_id, booking_id, state, currency, amount,
          captured, create_time, update_time)
        values (gen_random_uuid(), gen_random_uuid()::text, 'acme', '${of}', '${booking}',
          '${captured > 0 ? 'SUCCEEDED' : 'PENDING'}', '${currency}', 5400, ${captured}, now(), now())`);
    await pay(krona, 'ISK', 5400);
    await pay(euro, 'EUR', 5400, euro);
    await pay(euro, 'ISK', 0, euro);
    await pay(both, 'EUR', 5400, euro);
    await pay(both, 'JPY', 5400, euro);
    expect(await migrate(billing, new Secret(database.url))).toEqual(['2026-12-02-stripe-units']);
    const jobs =
      await sql(`select key, payload::jsonb as payload, run_at > now() + interval '10 minutes' as later
      from graphile_worker._private_jobs order by key`);
    const job = (task: string, id: string | undefined, of: object) => {
      return { key: `${task}:acme/${id}`, payload: { tenantId: 'acme', ...of }, later: true };
    };
    expect(jobs).toEqual([
      job('booking.payment', krona, { bookingId: krona }),
      job('booking.payment', both, { bookingId: both }),
      job('user.statistics', user, { userId: user }),
    ]);
  });
});
