import { randomUUID } from 'node:crypto';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { type User, UserRole, UserState, UserView } from '@rollcall/contract/user';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from './testing/open-database.ts';
import { startAuth, type TestAuth } from './testing/start-auth.ts';

// Each writer has a connection, also on a busy machine.
const ENV = { AUTH_DATABASE_CONNECTIONS: '20', AUTH_DATABASE_WAIT_MS: '10000' };

const stack = new AsyncDisposableStack();
let database: Awaited<ReturnType<typeof openDatabase>>;
const services: TestAuth[] = [];

beforeAll(async () => {
  database = stack.use(await openDatabase());
  for (let i = 0; i < 2; i++)
    services.push(stack.use(await startAuth({ databaseUrl: database.url, env: ENV })));
});

afterAll(() => stack.disposeAsync());

type Admin = TestAuth['admin'];

interface Target {
  readonly tenantId: string;
  readonly id: string;
}

/** A write of fields that no other writer of the list touches, and what it leaves of a user in full. */
interface Writer {
  readonly write: (admin: Admin, target: Target) => Promise<unknown>;
  readonly left: object;
}

const update =
  (fields: object, ...paths: string[]) =>
  (admin: Admin, { tenantId, id }: Target) =>
    admin.updateUser({ tenantId, user: { id, ...fields }, updateMask: { paths } });

const figures =
  (source: string, totalBookings: bigint) =>
  (admin: Admin, { tenantId, id }: Target) =>
    admin.recordStatistics({ tenantId, id, source, revision: 1n, totalBookings });

const WRITERS: Readonly<Record<string, Writer>> = {
  'first name': { write: update({ firstName: 'New' }, 'first_name'), left: { firstName: 'New' } },
  'last name': { write: update({ lastName: 'Newer' }, 'last_name'), left: { lastName: 'Newer' } },
  'business name': {
    write: update({ businessName: 'Firm' }, 'business_name'),
    left: { businessName: 'Firm' },
  },
  image: {
    write: update({ profileImage: 'https://example.com/a.png' }, 'profile_image'),
    left: { profileImage: 'https://example.com/a.png' },
  },
  role: { write: update({ role: UserRole.VENDOR }, 'role'), left: { role: UserRole.VENDOR } },
  state: { write: update({ state: UserState.SUSPENDED }, 'state'), left: { state: UserState.SUSPENDED } },
  email: { write: update({ email: 'new@example.com' }, 'email'), left: { email: 'new@example.com' } },
  phone: { write: update({ phone: '+491701234567' }, 'phone'), left: { phone: '+491701234567' } },
  'birth date': {
    write: update({ profile: { birthDate: '1815-12-10' } }, 'profile.birth_date'),
    left: { profile: { birthDate: '1815-12-10' } },
  },
  'fields of the CRM': {
    write: update({ profile: { crmFields: { owner: 'Kim' } } }, 'profile.crm_fields'),
    left: { profile: { crmFields: { owner: 'Kim' } } },
  },
  'a tag': {
    write: (admin, { tenantId, id }) => admin.modifyTags({ tenantId, id, add: ['one'] }),
    left: { profile: { tags: expect.arrayContaining(['one', 'two', 'vip']) } },
  },
  'another tag': {
    write: (admin, { tenantId, id }) => admin.modifyTags({ tenantId, id, add: ['two'] }),
    left: { profile: { tags: expect.arrayContaining(['one', 'two', 'vip']) } },
  },
  'figures of booking': {
    write: figures('booking', 3n),
    left: { profile: { statistics: { totalBookings: 7n } } },
  },
  'figures of another': {
    write: figures('other', 4n),
    left: { profile: { statistics: { totalBookings: 7n } } },
  },
  'a note': {
    write: (admin, { tenantId, id }) => admin.createNote({ tenantId, id, text: 'One' }),
    left: {},
  },
  'an activity': {
    write: (admin, { tenantId, id }) => {
      const time = { seconds: 1_700_000_000n, nanos: 0 };
      return admin.recordActivity({
        ...{ tenantId, id },
        activity: { kind: 'call', source: 'crm', summary: 'Called', time },
      });
    },
    left: {},
  },
  'an external id': {
    write: (admin, { tenantId, id }) =>
      admin.linkExternalId({ tenantId, id, externalId: { source: 'legacy', externalId: id } }),
    left: {},
  },
};

/** Two writes that begin in this order and both find the user as it was before either. */
interface Meeting {
  readonly target: Target;
  readonly writes: readonly (() => Promise<unknown>)[];
  /** Further users whose rows are locked. */
  readonly others?: readonly string[];
}

/** Locks the row of a user until each of the writes waits for it, in order; then lets them go. */
async function meet({ target, writes, others = [] }: Meeting): Promise<PromiseSettledResult<unknown>[]> {
  const holder = new Client({ connectionString: database.url });
  // Of the role of the service: the owner does not see what sessions of other roles wait for.
  const onlooker = new Client({ connectionString: database.url });
  await Promise.all([holder.connect(), onlooker.connect()]);
  try {
    await holder.query('begin');
    const ids = [target.id, ...others];
    await holder.query('select 1 from users where tenant_id = $1 and id = any($2::uuid[]) for update', [
      target.tenantId,
      ids,
    ]);
    const begun: Promise<unknown>[] = [];
    for (const write of writes) {
      const written = write();
      // Checked below.
      written.catch(() => undefined);
      begun.push(written);
      await untilWaiting(onlooker, begun.length);
    }
    await holder.query('commit');
    return await Promise.allSettled(begun);
  } finally {
    await Promise.all([holder.end(), onlooker.end()]);
  }
}

async function untilWaiting(onlooker: Client, writers: number): Promise<void> {
  const waiting = async () => {
    const { rows } = await onlooker.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.n;
  };
  await expect.poll(waiting, { timeout: 15_000, interval: 5 }).toBeGreaterThanOrEqual(writers);
}

async function seed(): Promise<Target> {
  const tenantId = freshTenant();
  const { id } = await seedUser({ admin: adminOf(0) }, tenantId);
  return { tenantId, id };
}

const adminOf = (n: number): Admin => (services[n % services.length] as TestAuth).admin;

async function readFull({ tenantId, id }: Target): Promise<User | undefined> {
  const [row] = await database.query('select version::int from users where tenant_id = $1 and id = $2', [
    tenantId,
    id,
  ]);
  const minVersion = BigInt((row as { version: number }).version);
  return (await (services[0] as TestAuth).users.getUser({ tenantId, id, view: UserView.FULL, minVersion }))
    .user;
}

/** The versions of a user that the feed tells, in its order. */
async function versionsTold({ tenantId, id }: Target): Promise<number[]> {
  const rows = await database.query(
    'select version::int from user_changes where tenant_id = $1 and user_id = $2 order by seq',
    [tenantId, id],
  );
  return rows.map(({ version }: { version: number }) => version);
}

const settled = (results: readonly PromiseSettledResult<unknown>[]) => results.map(({ status }) => status);
const names = Object.keys(WRITERS);
const pairs = names.map((name, i) => [name, names[(i + 1) % names.length] ?? ''] as const);

it('figures-are-news: writers of one user have transactions in the order of its versions, in which the feed tells them', async () => {
  const target = await seed();
  const writes = Array.from({ length: 40 }, (_, n) => {
    const written = { ...target, requestId: n % 4 ? randomUUID() : '' };
    return n % 2
      ? adminOf(n).recordStatistics({ ...target, source: `s${n}`, revision: 1n, totalBookings: 1n })
      : adminOf(n >> 1).modifyTags({ ...written, add: [`t${n}`] });
  });
  await Promise.all(writes);
  const rows = await database.query(
    'select version::int from user_changes where tenant_id = $1 and user_id = $2 order by xid, seq',
    [target.tenantId, target.id],
  );
  expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
});

describe.each([
  ['one process', 0],
  ['two processes', 1],
] as const)('writers of different fields in %s', (_, step) => {
  it('T1: lose nothing when all of them find the user as it was before any', async () => {
    const target = await seed();
    const writes = Object.values(WRITERS).map(
      ({ write }, i) =>
        () =>
          write(adminOf(i * step), target),
    );
    const results = await meet({ target, writes });
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    const user = await readFull(target);
    for (const { left } of Object.values(WRITERS)) expect(user).toMatchObject(left);
    const versions = await versionsTold(target);
    expect(versions).toEqual(versions.map((__, i) => i + 1));
    expect(user?.version).toBe(BigInt(versions.length));
    expect((await adminOf(0).listNotes(target)).notes).toHaveLength(1);
    expect((await adminOf(0).listExternalIds(target)).externalIds).toHaveLength(1);
  });

  it.each(pairs)('T1: lose nothing in pairs: %s and %s', async (one, other) => {
    for (const order of [
      [one, other],
      [other, one],
    ]) {
      const target = await seed();
      const writers = order.map((name) => WRITERS[name] as Writer);
      // Each one alone, to know what both together must leave.
      const writes = writers.map(
        ({ write }, i) =>
          () =>
            write(adminOf(i * step), target),
      );
      expect(settled(await meet({ target, writes }))).toEqual(['fulfilled', 'fulfilled']);
      const user = await readFull(target);
      for (const { left } of writers) if (isOwn(left)) expect(user).toMatchObject(left);
      const versions = await versionsTold(target);
      expect(versions).toEqual(versions.map((__, i) => i + 1));
    }
  });

  it('T1: change no user that was deleted meanwhile', async () => {
    const target = await seed();
    const { tenantId, id } = target;
    const results = await meet({
      target,
      writes: [
        () => adminOf(0).deleteUser({ tenantId, id }),
        () => update({ firstName: 'Late' }, 'first_name')(adminOf(step), target),
      ],
    });
    expect(settled(results)).toEqual(['fulfilled', 'rejected']);
    expect(await readFull(target)).toMatchObject({ state: UserState.DELETED, firstName: 'Ada', version: 2n });
  });

  it('T1: bring nothing back to a user that was erased meanwhile', async () => {
    const target = await seed();
    const { tenantId, id } = target;
    const results = await meet({
      target,
      writes: [
        () => adminOf(0).eraseUser({ tenantId, id }),
        () =>
          update(
            { lastName: 'Late', email: 'late@example.com' },
            'last_name',
            'email',
          )(adminOf(step), target),
        () => adminOf(step).modifyTags({ tenantId, id, add: ['late'] }),
        () => adminOf(step).createNote({ tenantId, id, text: 'Late' }),
      ],
    });
    expect(settled(results)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(await readFull(target)).toMatchObject({
      firstName: '',
      lastName: '',
      email: '',
      profile: { tags: [] },
    });
    expect((await adminOf(0).listNotes(target)).notes).toEqual([]);
  });

  it.each(['the merge first', 'the updates first'])('T1: lose nothing to a merge: %s', async (order) => {
    const target = await seed();
    const { tenantId, id: survivorId } = target;
    const loser = await seedUser({ admin: adminOf(0) }, tenantId, { firstName: 'Old' });
    const plan = { survivorId, loserId: loser.id, takeFromLoser: { paths: ['first_name'] } };
    const merge = () => adminOf(0).mergeUsers({ tenantId, plan });
    const updates = [
      () => update({ lastName: 'Kept' }, 'last_name')(adminOf(step), target),
      () => update({ firstName: 'Taken' }, 'first_name')(adminOf(step), { tenantId, id: loser.id }),
    ];
    const writes = order === 'the merge first' ? [merge, ...updates] : [...updates, merge];
    const results = await meet({ target, writes, others: [loser.id] });
    expect(settled(results)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(await readFull(target)).toMatchObject({ firstName: 'Taken', lastName: 'Kept' });
    const versions = await versionsTold(target);
    expect(versions).toEqual(versions.map((__, i) => i + 1));
  });

  it('T1: let one of several calls with the same etag through', async () => {
    const target = await seed();
    const { tenantId, id } = target;
    const writes = ['A', 'B', 'C'].map(
      (firstName, i) => () =>
        adminOf(i * step).updateUser({
          tenantId,
          user: { id, firstName, etag: 'v1' },
          updateMask: { paths: ['first_name'] },
        }),
    );
    expect(settled(await meet({ target, writes })).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await versionsTold(target)).toEqual([1, 2]);
  });
});

/** Whether one writer alone leaves this, and not two of them together. */
function isOwn(left: { profile?: object }): boolean {
  return !('profile' in left && ('tags' in (left.profile ?? {}) || 'statistics' in (left.profile ?? {})));
}
