import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { createKeyring } from '@rollcall/runtime/sealing';
import type { PoolClient } from 'pg';
import { expect, it } from 'vitest';
import { createContactSeal } from '../postgres/rows/contact-seal.ts';
import { createPostgresRotation } from '../postgres/sealing/postgres-rotation.ts';
import { sealedContact } from '../postgres/sealing/sealed-tables.ts';
import { openDatabase } from '../testing/open-database.ts';
import { NEW, OLD, OLD_INDEX, startAuth } from '../testing/start-auth.ts';

const sealWith = (encryptionKeys: string) =>
  createContactSeal(
    createKeyring({ encryptionKeys: new Secret(encryptionKeys), indexKeys: new Secret(OLD_INDEX) }),
  );

it('T1: a change of keys leaves values alone that were written since it read them', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openDatabase());
  const auth = stack.use(await startAuth({ databaseUrl: database.url }));
  const tenantId = freshTenant();
  const { id } = await seedUser(auth, tenantId, { email: 'before@example.com', phone: '' });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(database.url), maxConnections: 2, statementTimeoutMs: 5000, logger };
  const pool = stack.adopt(createPool(options), (each) => each.end());
  const seal = sealWith(`${NEW},${OLD}`);
  const contact = sealedContact(seal);
  const written = sealWith(OLD).sealEmail('meanwhile@example.com', { tenantId, id });
  let rounds = 0;
  const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
  // Another process writes between the statement that reads and the one that writes.
  const interrupted = Object.assign(Object.create(pool) as typeof pool, {
    connect: async () => {
      const client = await connect();
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
      const intercepted = async (...args: unknown[]) => {
        const answer = await query(...args);
        if ((args[0] as { name?: string }).name !== 'rotation_next_users' || rounds++ > 0) return answer;
        await database.query(
          'update users set email_sealed = $2, email_key = $3, email_base_key = $4 where id = $1',
          [id, written.email_sealed, written.email_key, written.email_base_key],
        );
        return answer;
      };
      Object.assign(client, { query: intercepted });
      return client;
    },
  });
  const rotation = createPostgresRotation(interrupted, contact, seal.keyring);
  await rotation.step(10);
  expect(rounds).toBeGreaterThan(0);
  const [row] = await database.query('select email_sealed, phone_sealed from users where id = $1', [id]);
  expect(seal.open(row, { tenantId, id }).email).toBe('meanwhile@example.com');
});
