import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { Secret } from '@rollcall/runtime';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { withKeys } from './lib/migrations.ts';
import { migrate } from './migrate.ts';

const { billing } = DATABASES;
if (!billing) throw new Error('the database of this test is gone');

const FIRST = '2026-12-02-event-envelopes';

it('refund-by-charge, charge-without-intent: what was told before is noted to be derived anew, and keeps its events', async () => {
  await using database = await createTestDatabase('billing');
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  await using _ = { [Symbol.asyncDispose]: () => client.end() };
  const rows = async (text: string) => (await client.query(text)).rows;
  await down(database.ownerUrl);
  await client.query(`insert into stripe_objects (id, kind, tier, as_of, step, guess, digest, ambiguous, payment_intent, charge, payload)
    values ('ch_1', 'charge', 3, 1, 1, 1, 'd', false, null, null, '{"payment_intent": null}'),
      ('re_1', 'refund', 1, 1, 1, 1, 'd', false, null, 'ch_1', '{}'),
      ('re_2', 'refund', 1, 1, 1, 1, 'd', false, null, 'ch_2', '{}'),
      ('ch_3', 'charge', 3, 1, 1, 1, 'd', false, 'pi_3', null, '{}')`);
  await client.query(`insert into stripe_events (id, type, create_time, livemode, object_kind, object_id, payload, state, apply_time)
    values ('evt_1', 'charge.succeeded', now(), false, 'charge', 'ch_1', '[]', 'applied', now()),
      ('evt_2', 'refund.created', now(), false, 'refund', 're_1', '[]', 'applied', now()),
      ('evt_3', 'customer.created', now(), false, 'customer', 'cus_1', '[]', 'applied', now())`);
  await client.query(`insert into payments (id, stripe_payment_intent_id, state, currency, amount, captured, unseen_refunds, create_time, update_time)
    values (gen_random_uuid(), 'pi_3', 'SUCCEEDED', 'EUR', 1999, 1999, 500, now(), now()),
      (gen_random_uuid(), 'pi_4', 'SUCCEEDED', 'EUR', 1999, 1999, 0, now(), now())`);

  for (let time = 0; time < 2; time += 1) {
    await migrate(billing, new Secret(database.ownerUrl));
    expect(await rows('select key from payments_to_derive order by key')).toEqual([
      { key: 'ch_1' },
      { key: 'pi_3' },
    ]);
    expect(await rows('select id, payment_intent as of from stripe_objects order by id')).toEqual([
      { id: 'ch_1', of: 'ch_1' },
      { id: 'ch_3', of: 'pi_3' },
      { id: 're_1', of: 'ch_1' },
      { id: 're_2', of: null },
    ]);
    expect(await rows('select id, payment_intent as of from stripe_events order by id')).toEqual([
      { id: 'evt_1', of: 'ch_1' },
      { id: 'evt_2', of: 'ch_1' },
      { id: 'evt_3', of: null },
    ]);
    if (time > 0) break;
    await down(database.ownerUrl);
    expect(await rows('select stripe_payment_intent_id, refunded::int from payments order by 1')).toEqual([
      { stripe_payment_intent_id: 'pi_3', refunded: 0 },
      { stripe_payment_intent_id: 'pi_4', refunded: 0 },
    ]);
  }
});

async function down(url: string): Promise<void> {
  const migrationsList = withKeys(billing?.migrations ?? [], () => {
    throw new Error('no migration of billing needs keys');
  });
  const orm = new MikroORM({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: { migrationsList, snapshot: false },
  });
  try {
    const executed = (await orm.migrator.getExecuted()).map(({ name }) => name);
    const later = executed.slice(executed.indexOf(FIRST)).reverse();
    for (const name of later) await orm.migrator.down({ migrations: [name] });
  } finally {
    await orm.close(true);
  }
}
