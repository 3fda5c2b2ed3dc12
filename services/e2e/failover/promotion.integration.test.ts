import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { openTcpProxy, query } from '@rollcall/runtime/testing';
import { createGrpcTransport, errorReason } from '@rollcall/transport';
import { createUserClient, type UserClient, withSeenVersions } from '@rollcall/user-client';
import { expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';
import { startPrimary, startReplica } from '../testing/replica.ts';

const LOST_WRITES = 60;
const POLL = { timeout: 20_000 };

/** An auth process, and ways to read and write through it alone. */
function callersOf({ grpcPort }: ServiceProcess, stack: AsyncDisposableStack) {
  const address = `127.0.0.1:${grpcPort}`;
  const transport = stack.use(createGrpcTransport({ address, defaultTimeoutMs: 5000 }));
  return { users: createClient(UserService, transport), admin: createClient(UserAdminService, transport) };
}

async function rename(
  admin: Client<typeof UserAdminService>,
  tenantId: string,
  id: string,
  firstName: string,
) {
  const updateMask = { paths: ['first_name'] };
  const { user } = await admin.updateUser({ tenantId, user: { id, firstName }, updateMask });
  return user?.version ?? 0n;
}

it('A1, A2: a promoted standby that lacks the last writes is answered by all processes and clients, as it is', {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const primary = stack.use(await startPrimary());
  const shipping = stack.use(await openTcpProxy({ host: primary.host, port: primary.port }));
  const standby = stack.use(
    await startReplica({ ...primary, adminUrl: atPort(primary.adminUrl, shipping.port) }),
  );
  const leads = { host: primary.host, port: primary.port };
  const toDatabase = stack.use(await openTcpProxy(leads));
  const env = { AUTH_DATABASE_URL: atPort(primary.databaseUrl('auth'), toDatabase.port) };
  const processA = stack.use(await startService('auth', env));
  const processB = stack.use(await startService('auth', env));
  const [a, b] = [callersOf(processA, stack), callersOf(processB, stack)];
  const tenantId = freshTenant();
  const client = stack.use(createUserClient({ address: `127.0.0.1:${processB.grpcPort}`, tenantId }));

  const [renamed, kept] = [
    await seedUser(a, tenantId, { firstName: 'Before' }),
    await seedUser(a, tenantId, { firstName: 'Kept' }),
  ];
  await untilReplayed(primary.adminUrl, atPort(primary.adminUrl, standby.port));
  await shipping.cut();
  // What follows is acknowledged, told and remembered, and the standby never gets it.
  let version = 1n;
  for (let i = 1; i <= LOST_WRITES; i++) version = await rename(a.admin, tenantId, kept.id, `Lost${i}`);
  const created = await seedUser(a, tenantId, { firstName: 'NeverWas' });
  const ids = [renamed.id, kept.id, created.id];
  const { cursor } = await firstCheckpoint(b.users, tenantId);
  await client.getUsers(ids);
  await expect.poll(() => client.describe(kept.id).feedLiveForMs, POLL).toBeGreaterThan(0);
  for (const id of ids) client.invalidate(id);
  expect(await namesBy(client, ids)).toEqual(['Before', `Lost${LOST_WRITES}`, 'NeverWas']);

  await withSeenVersions([{ tenantId, id: kept.id, version }], async () => {
    killNow(primary.location);
    await primary.ended;
    await query(atPort(primary.adminUrl, standby.port), 'select pg_promote(true)');
    leads.port = standby.port;
    // Through A, before B need have looked.
    await expect.poll(() => rename(a.admin, tenantId, renamed.id, 'After').catch(String), POLL).toBe(2n);

    const asItIs = ['After', 'Kept', 'missing'];
    const all = async () => [
      await namesBy(client, ids),
      await namesFrom(a.users, ids),
      await namesFrom(b.users, ids),
    ];
    const namesFrom = async (users: Client<typeof UserService>, some: string[]) => {
      const { outcomes } = await users.batchGetUsers({ tenantId, ids: some });
      return outcomes.map(({ outcome }) =>
        outcome.case === 'user' ? outcome.value.firstName : outcome.case,
      );
    };
    await expect.poll(() => all().catch(String), POLL).toEqual([asItIs, asItIs, asItIs]);

    // From here on nothing falls back, and changes are told again.
    await rename(b.admin, tenantId, kept.id, 'Again');
    await expect.poll(() => all(), POLL).toEqual(Array(3).fill(['After', 'Again', 'missing']));
  });
  for (const { users } of [a, b]) {
    const refused = await firstCheckpoint(users, tenantId, cursor).catch((error: unknown) => error);
    expect(errorReason(refused)?.reason).toBe('CURSOR_EXPIRED');
  }
  expect(client.stats().feed).toMatchObject({ state: 'watching', gaps: 1 });
  for (const { output } of [processA, processB]) expect(output()).toContain('the database went back');
});

async function namesBy(client: UserClient, ids: readonly string[]): Promise<string[]> {
  const found = await client.lookupMany(ids);
  return found.map((each) => ('user' in each && each.user ? each.user.firstName : each.outcome));
}

async function firstCheckpoint(users: Client<typeof UserService>, tenantId: string, cursor = '') {
  const stop = new AbortController();
  try {
    for await (const { checkpoint } of users.watchUsers(
      { tenantIds: [tenantId], cursor },
      { signal: stop.signal },
    ))
      if (checkpoint) return checkpoint;
    throw new Error('the feed ended without a checkpoint');
  } finally {
    stop.abort();
  }
}

async function untilReplayed(primaryUrl: string, standbyUrl: string): Promise<void> {
  const [written] = await query<{ lsn: string }>(primaryUrl, 'select pg_current_wal_lsn()::text as lsn');
  const replayed = () =>
    query<{ is: boolean }>(standbyUrl, `select pg_last_wal_replay_lsn() >= '${written?.lsn}'::pg_lsn as is`);
  await expect.poll(async () => (await replayed())[0]?.is, POLL).toBe(true);
}

/** As `pg_ctl stop -m immediate` does it: no checkpoint, nothing shipped. */
function killNow(location: string): void {
  process.kill(Number(readFileSync(join(location, 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGQUIT');
}

function atPort(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.port = String(port);
  return url.href;
}
