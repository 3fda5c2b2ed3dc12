import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService } from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { createUserClient } from '@rollcall/user-client';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';
import { startPrimary } from '../testing/replica.ts';

const POLL = { timeout: 20_000 };

it('A3: a write in another database delays the feed: it is named, and a client trusts what it holds no longer than ever', {
  timeout: 90_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const primary = stack.use(await startPrimary());
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: primary.databaseUrl('auth') }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  const transport = stack.use(createGrpcTransport({ address, defaultTimeoutMs: 5000 }));
  const admin = createClient(UserAdminService, transport);
  const tenantId = freshTenant();
  const { id } = await seedUser({ admin }, tenantId, { firstName: 'Before' });
  const client = stack.use(createUserClient({ address, tenantId, ttlMs: 100 }));
  const name = async () => (await client.getUser(id)).firstName;
  await name();
  await expect.poll(() => client.describe(id).feedLiveForMs, POLL).toBeGreaterThan(0);
  await name();

  const other = new pg.Client({ connectionString: primary.adminUrl });
  await other.connect();
  stack.defer(() => other.end());
  const [holder] = (await other.query('select pg_backend_pid() as pid, current_database() as database')).rows;
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  await admin.updateUser({
    tenantId,
    user: { id, firstName: 'After' },
    updateMask: { paths: ['first_name'] },
  });
  const { changes } = client.stats().feed;
  // The transaction is open for as long as it takes: had the client waited to be told, this would not end.
  await expect.poll(name, POLL).toBe('After');
  expect(client.stats().feed.changes).toBe(changes);
  expect(client.stats().feed.gaps).toBe(0);

  const held = `database="${holder.database}",pid="${holder.pid}"`;
  const metrics = async () => (await fetch(`http://127.0.0.1:${auth.httpPort}/metrics`)).text();
  await expect
    .poll(metrics, POLL)
    .toMatch(new RegExp(`rollcall_user_feed_held_seconds\\{[^}]*${held}[^}]*\\} [1-9]`));
  expect(await metrics()).toMatch(/rollcall_user_feed_behind_seconds\S* [1-9]/);
  const lines = (text: string) =>
    auth
      .output()
      .split('\n')
      .filter((line) => line.includes(text));
  await expect.poll(() => lines('an open transaction holds the change feed back'), POLL).toHaveLength(1);
  expect(JSON.parse(lines('an open transaction holds')[0] ?? '')).toMatchObject(holder);

  await other.query('commit');
  await expect.poll(() => client.stats().feed.changes, POLL).toBe(changes + 1);
  await expect.poll(() => lines('held back no longer'), POLL).toHaveLength(1);
  expect(lines('an open transaction holds')).toHaveLength(1);
  expect(await metrics()).not.toContain('rollcall_user_feed_held_seconds');
});
