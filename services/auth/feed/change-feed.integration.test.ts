import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresChangeLog } from '../postgres/feed/postgres-change-log.ts';
import { type ChangeFeed, createChangeFeed, type WatchUpdate } from './change-feed.ts';
import type { ChangeLog, FeedPosition } from './change-log.ts';
import { MAX_PENDING_CHANGES } from './subscribers.ts';

const stack = new AsyncDisposableStack();
let url: string;
let pool: Pool;
let log: ChangeLog;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('auth'));
  url = database.url;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(url), maxConnections: 8, statementTimeoutMs: 5000, logger };
  pool = stack.adopt(createPool(options), (each) => each.end());
  log = createPostgresChangeLog(pool);
});

afterAll(() => stack.disposeAsync());

const openFeed = () =>
  createChangeFeed(log, {
    pollMs: 5,
    onError: (error) => {
      throw error;
    },
  });

const INSERT_CHANGE = `insert into user_changes (tenant_id, user_id, version, kind) values ($1, $2, $3, 'UPDATED')`;

/** A writer with its own transaction, which the test commits. */
async function openWriter(): Promise<
  AsyncDisposable & {
    insertChange(tenantId: string, id: string, version: number): Promise<void>;
    commit(): Promise<void>;
  }
> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  return {
    insertChange: async (...values) => void (await client.query(INSERT_CHANGE, values)),
    commit: async () => void (await client.query('commit')),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

interface Watch extends AsyncDisposable {
  readonly updates: WatchUpdate[];
  readonly versions: () => string[];
  readonly ended: Promise<unknown>;
}

function watch(feed: ChangeFeed, tenantIds: string[], cursor = ''): Watch {
  const stop = new AbortController();
  const updates: WatchUpdate[] = [];
  const read = async () => {
    const call = { signal: stop.signal, abort: (error: unknown) => stop.abort(error) };
    for await (const update of feed.watch({ tenantIds, cursor }, call)) updates.push(update);
  };
  const ended = read().catch((error: unknown) => error);
  return {
    updates,
    ended,
    versions: () =>
      updates.flatMap(({ changes }) => changes.map(({ id, version }) => `${id.slice(0, 4)} v${version}`)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

const begun = (each: Watch) => expect.poll(() => each.updates.length).toBeGreaterThan(0);
const tenant = () => `t-${randomUUID()}`;

describe('the change feed', () => {
  it('sends at once where it begins, then every change of the watched tenants, and no other', async () => {
    await using feed = openFeed();
    const [mine, other, id] = [tenant(), tenant(), randomUUID()];
    await using watching = watch(feed, [mine]);
    await begun(watching);
    await pool.query(INSERT_CHANGE, [mine, id, 1]);
    await pool.query(INSERT_CHANGE, [other, id, 1]);
    await pool.query(INSERT_CHANGE, [mine, id, 2]);
    await expect.poll(watching.versions).toEqual([`${id.slice(0, 4)} v1`, `${id.slice(0, 4)} v2`]);
  });

  it('A4: sends a change without views if earlier code wrote it, and with no views if no view shows it', async () => {
    await using feed = openFeed();
    const [tenantId, id] = [tenant(), randomUUID()];
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    await pool.query(INSERT_CHANGE, [tenantId, id, 1]);
    const columns = 'tenant_id, user_id, version, kind, update_time';
    await pool.query(`insert into user_changes (${columns}) values ($1, $2, 2, 'UPDATED', now())`, [
      tenantId,
      id,
    ]);
    const touched = () => watching.updates.flatMap(({ changes }) => changes.map((change) => change.touched));
    const none = { content: null, figures: null, updateTime: expect.any(Date) };
    await expect.poll(touched).toEqual([undefined, none]);
  });

  it('sends a change of ratings that earlier code wrote as one that every view shows', async () => {
    await using feed = openFeed();
    const [tenantId, id] = [tenant(), randomUUID()];
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    const columns = 'tenant_id, user_id, version, kind, figures_view, update_time';
    const values = [tenantId, id];
    await pool.query(
      `insert into user_changes (${columns}) values ($1, $2, 2, 'UPDATED', 'BASIC', now())`,
      values,
    );
    await pool.query(
      `insert into user_changes (${columns}) values ($1, $2, 3, 'UPDATED', 'FULL', now())`,
      values,
    );
    const figures = () =>
      watching.updates.flatMap(({ changes }) => changes.map(({ touched }) => touched?.figures));
    await expect.poll(figures).toEqual(['REFERENCE', 'FULL']);
  });

  it('skips no change that commits after one that began later', async () => {
    await using feed = openFeed();
    const [tenantId, early, late] = [tenant(), randomUUID(), randomUUID()];
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    await using slow = await openWriter();
    await slow.insertChange(tenantId, early, 1);
    await pool.query(INSERT_CHANGE, [tenantId, late, 1]);
    await sleep(100);
    await slow.commit();
    await expect
      .poll(() => watching.versions().sort())
      .toEqual([`${early.slice(0, 4)} v1`, `${late.slice(0, 4)} v1`].sort());
  });

  it('holds its checkpoints back while an earlier change may still be committed', async () => {
    await using feed = openFeed();
    const tenantId = tenant();
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    await using slow = await openWriter();
    await slow.insertChange(tenantId, randomUUID(), 1);
    // Committed, but behind an open transaction: the feed cannot send it yet, and must not claim to be
    // complete.
    await pool.query(INSERT_CHANGE, [tenantId, randomUUID(), 1]);
    await sleep(700);
    const latest = () => watching.updates.at(-1)?.time.getTime() ?? 0;
    const held = latest();
    await sleep(700);
    expect([latest(), watching.versions()]).toEqual([held, []]);
    await slow.commit();
    await expect.poll(latest).toBeGreaterThan(held);
  });

  it('sends the versions of one user in order, whichever transaction began first', async () => {
    await using feed = openFeed();
    const [tenantId, id] = [tenant(), randomUUID()];
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    await using first = await openWriter();
    // Takes its number early, and writes the user last.
    await first.insertChange(tenantId, randomUUID(), 1);
    await using second = await openWriter();
    await second.insertChange(tenantId, id, 2);
    await second.commit();
    await first.insertChange(tenantId, id, 3);
    await first.commit();
    const ofId = () => watching.versions().filter((each) => each.startsWith(id.slice(0, 4)));
    await expect.poll(ofId).toEqual([`${id.slice(0, 4)} v2`, `${id.slice(0, 4)} v3`]);
  });

  it('resumes at every cursor that it sent, and sends the rest', async () => {
    await using feed = openFeed();
    const [tenantId, id] = [tenant(), randomUUID()];
    const first = watch(feed, [tenantId]);
    await begun(first);
    for (let version = 1; version <= 30; version++) {
      await pool.query(INSERT_CHANGE, [tenantId, id, version]);
      if (version % 10 === 0) await sleep(20);
    }
    await expect.poll(() => first.versions().length).toBe(30);
    await first[Symbol.asyncDispose]();
    let seen = 0;
    for (const { changes, cursor } of first.updates) {
      seen += changes.length;
      await using resumed = watch(feed, [tenantId], cursor);
      await begun(resumed);
      await expect.poll(() => resumed.versions().length).toBe(30 - seen);
    }
  });

  it('repeats nothing to a watcher that another process sent more than this one has read', async () => {
    const [tenantId, id] = [tenant(), randomUUID()];
    let gate: Promise<void> | undefined;
    const heldLog: ChangeLog = {
      ...log,
      read: async (...request) => {
        await gate;
        return log.read(...request);
      },
    };
    await using behind = createChangeFeed(heldLog, { pollMs: 5, onError: () => {} });
    await behind.attach({ onChanged: () => {}, onReplaced: () => {} });
    const { promise, resolve: open } = Promise.withResolvers<void>();
    gate = promise;
    await pool.query(INSERT_CHANGE, [tenantId, id, 1]);
    await using ahead = openFeed();
    const elsewhere = watch(ahead, [tenantId]);
    await begun(elsewhere);
    await elsewhere[Symbol.asyncDispose]();
    await using resumed = watch(behind, [tenantId], elsewhere.updates[0]?.cursor);
    // Longer than a watcher with a valid position needs to join.
    await sleep(50);
    open();
    await begun(resumed);
    await pool.query(INSERT_CHANGE, [tenantId, id, 2]);
    await expect.poll(resumed.versions).toContain(`${id.slice(0, 4)} v2`);
    expect(resumed.versions()).toEqual([`${id.slice(0, 4)} v2`]);
  });

  it('catches up in batches, in order, with changes from while there was no watcher', async () => {
    await using feed = openFeed();
    const [tenantId, id] = [tenant(), randomUUID()];
    const first = watch(feed, [tenantId]);
    await begun(first);
    await first[Symbol.asyncDispose]();
    const cursor = first.updates.at(-1)?.cursor ?? '';
    await pool.query(
      `insert into user_changes (tenant_id, user_id, version, kind) select $1, $2, n, 'UPDATED' from generate_series(1, 3500) n order by n`,
      [tenantId, id],
    );
    await using resumed = watch(feed, [tenantId], cursor);
    await expect.poll(() => resumed.versions().length).toBe(3500);
    expect(resumed.versions()).toEqual(Array.from({ length: 3500 }, (_, i) => `${id.slice(0, 4)} v${i + 1}`));
    expect(resumed.updates.length).toBeGreaterThan(3);
    const middle = resumed.updates[1];
    await using again = watch(feed, [tenantId], middle?.cursor);
    await expect.poll(() => again.versions().length).toBe(1500);
  });

  it('loses nothing among many writers while watchers come and go', async () => {
    await using feed = openFeed();
    const tenantId = tenant();
    const ids = Array.from({ length: 8 }, (): string => randomUUID());
    const seen = new Map(ids.map((id) => [id, [] as number[]]));
    let cursor = '';
    let done = false;
    const follow = async () => {
      while (!done) {
        const each = watch(feed, [tenantId], cursor);
        await begun(each);
        await sleep(40);
        await each[Symbol.asyncDispose]();
        for (const { changes } of each.updates)
          for (const change of changes) seen.get(change.id)?.push(Number(change.version));
        cursor = each.updates.at(-1)?.cursor ?? cursor;
      }
    };
    const following = follow();
    await expect.poll(() => cursor).not.toBe('');
    await Promise.all(
      ids.map(async (id) => {
        for (let version = 1; version <= 40; version++) {
          const client = await pool.connect();
          await client.query('begin');
          await client.query(INSERT_CHANGE, [tenantId, id, version]);
          await sleep(Math.random() * 5);
          await client.query('commit');
          client.release();
        }
      }),
    );
    const complete = () => ids.every((id) => seen.get(id)?.at(-1) === 40);
    await expect.poll(complete, { timeout: 10_000 }).toBe(true);
    done = true;
    await following;
    for (const versions of seen.values()) {
      // Changes come at least once and in order: a repeated change comes in the same order again.
      expect([...new Set(versions)]).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    }
  });

  it.each([
    ['that is garbage', () => 'garbage'],
    ['of another feed', () => '00000000.1'],
    ['of another timeline', (cursor: string) => cursor.replace(/-0000([0-9A-F]{4})-/, '-0001$1-')],
    ['of the future', (cursor: string) => `${cursor.split('.')[0]}.9999999999`],
  ])('refuses a cursor %s', async (_, forge) => {
    await using feed = openFeed();
    const first = watch(feed, [tenant()]);
    await begun(first);
    await first[Symbol.asyncDispose]();
    await using refused = watch(feed, [tenant()], forge(first.updates.at(-1)?.cursor ?? ''));
    expect(await refused.ended).toMatchObject({ reason: 'CURSOR_EXPIRED' });
  });

  it('refuses a cursor of removed changes, and accepts later ones', async () => {
    await using feed = openFeed();
    const tenantId = tenant();
    const first = watch(feed, [tenantId]);
    await begun(first);
    await pool.query(INSERT_CHANGE, [tenantId, randomUUID(), 1]);
    await expect.poll(() => first.versions().length).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(await log.removeOlderThan(-60_000)).toBeGreaterThan(0);
    await using old = watch(feed, [tenantId], first.updates[0]?.cursor);
    expect(await old.ended).toMatchObject({ reason: 'CURSOR_EXPIRED' });
    await using recent = watch(feed, [tenantId], first.updates.at(-1)?.cursor);
    await begun(recent);
    expect(recent.versions()).toEqual([]);
  });

  it('T6: ends a batch before a position without the transaction at that position', async () => {
    const { now } = await log.bounds();
    const [tenantId, id] = [tenant(), randomUUID()];
    const [{ xid }] = (
      await pool.query(`with inserted as (${INSERT_CHANGE}) select pg_current_xact_id()::text as xid`, [
        tenantId,
        id,
        1,
      ])
    ).rows as [{ xid: string }];
    const place = BigInt(xid);
    const upTo = (endXid: bigint) => ({ xid: now.xid, within: { endXid, seq: 0n } });
    const limit = { limit: 10, tenantIds: [tenantId] };
    const countRead = async (from: FeedPosition) => (await log.read(from, limit)).changes.length;
    // Transactions of other tests on the same server hold the feed back.
    await expect.poll(() => countRead({ xid: place })).toBe(1);
    expect([await countRead(upTo(place)), await countRead(upTo(place + 1n))]).toEqual([0, 1]);
  });

  it('A1: ends every watch when the feed is renewed, refuses its cursors, and informs the listener first', async () => {
    await using feed = openFeed();
    const events: string[] = [];
    await feed.attach({ onChanged: () => {}, onReplaced: () => events.push('replaced') });
    const tenantId = tenant();
    await using watching = watch(feed, [tenantId]);
    await begun(watching);
    const { cursor = '', feed: before } = watching.updates.at(-1) ?? {};
    watching.ended.then(() => events.push('ended'));
    const renewed = await log.renew();
    expect(renewed).not.toBe(before);
    expect(await watching.ended).toMatchObject({ reason: 'CURSOR_EXPIRED', metadata: { feed: renewed } });
    expect(events).toEqual(['replaced', 'ended']);
    await using refused = watch(feed, [tenantId], cursor);
    expect(await refused.ended).toMatchObject({ reason: 'CURSOR_EXPIRED', metadata: { feed: renewed } });
    await using anew = watch(feed, [tenantId]);
    await begun(anew);
    expect(anew.updates[0]?.feed).toBe(renewed);
    const id = randomUUID();
    await pool.query(INSERT_CHANGE, [tenantId, id, 1]);
    await expect.poll(anew.versions).toEqual([`${id.slice(0, 4)} v1`]);
    await using resumed = watch(feed, [tenantId], anew.updates[0]?.cursor);
    await expect.poll(resumed.versions).toEqual([`${id.slice(0, 4)} v1`]);
  });

  it('A1: does not continue at a position of a database that went back, however near the new end is', async () => {
    let lost = '';
    // As after a promotion: the identity differs, and transaction ids begin again below the position of the
    // tail.
    const wentBack: ChangeLog = {
      ...log,
      read: async (after, options) => {
        const batch = await log.read(after, options);
        return lost === '' ? batch : { ...batch, feed: lost, now: { xid: 5n }, position: { xid: 5n } };
      },
      bounds: async () => {
        const bounds = await log.bounds();
        return lost === '' ? bounds : { ...bounds, feed: lost, now: { xid: 5n } };
      },
      adopt: async () => {},
    };
    await using feed = createChangeFeed(wentBack, { pollMs: 5, onError: () => {} });
    const replaced: string[] = [];
    await feed.attach({ onChanged: () => {}, onReplaced: (now) => replaced.push(now) });
    await using watching = watch(feed, [tenant()]);
    await begun(watching);
    lost = `${watching.updates[0]?.feed}-went-back`;
    expect(await watching.ended).toMatchObject({ reason: 'CURSOR_EXPIRED', metadata: { feed: lost } });
    expect(replaced).toEqual([lost]);
    await using anew = watch(feed, [tenant()]);
    await begun(anew);
    expect(anew.updates[0]?.cursor).toBe(`${lost}.5`);
  });

  it('A1: refuses a watcher whose database changes between its cursor and the changes that it missed', async () => {
    await using feed = openFeed();
    const tenantId = tenant();
    const first = watch(feed, [tenantId]);
    await begun(first);
    await first[Symbol.asyncDispose]();
    const other: ChangeLog = {
      ...log,
      read: async (after, options) => {
        const batch = await log.read(after, options);
        return options.tenantIds ? { ...batch, feed: 'another' } : batch;
      },
    };
    await using catching = createChangeFeed(other, { pollMs: 5, onError: () => {} });
    await using refused = watch(catching, [tenantId], first.updates.at(-1)?.cursor);
    expect(await refused.ended).toMatchObject({ reason: 'CURSOR_EXPIRED', metadata: { feed: 'another' } });
  });

  it('A1: deletes what a dump of another cluster brought, so that its own cursors stay valid', async () => {
    const tenantId = tenant();
    // Far ahead of this cluster, like the rows and the mark of an older and busier one.
    await pool.query(
      `insert into user_changes (xid, tenant_id, user_id, version, kind) values ('99999999', $1, $2, 1, 'UPDATED')`,
      [tenantId, randomUUID()],
    );
    await pool.query(`update user_change_feed set removed_through = '99999998', line = 'another cluster'`);
    await using feed = openFeed();
    await feed.attach({ onChanged: () => {}, onReplaced: () => {} });
    const isClear = async () =>
      (await pool.query('select from user_changes where tenant_id = $1', [tenantId])).rowCount === 0;
    await expect.poll(isClear).toBe(true);
    const first = watch(feed, [tenantId]);
    await begun(first);
    await first[Symbol.asyncDispose]();
    await using resumed = watch(feed, [tenantId], first.updates.at(-1)?.cursor);
    await begun(resumed);
  });

  it('A1: keeps the changes of this cluster when its feed is replaced, and deletes nothing a second time', async () => {
    const [own, foreign] = [tenant(), tenant()];
    const insert = (xid: string, tenantId: string) =>
      pool.query(
        `insert into user_changes (xid, tenant_id, user_id, version, kind) values (${xid}, $1, $2, 1, 'UPDATED')`,
        [tenantId, randomUUID()],
      );
    const kept = async () => {
      const text = 'select tenant_id from user_changes where tenant_id = any($1) order by tenant_id = $2';
      return (await pool.query(text, [[own, foreign], foreign])).rows.map((row) => row.tenant_id);
    };
    await insert('pg_current_xact_id()', own);
    await insert(`'99999999'`, foreign);
    await pool.query(`update user_change_feed set line = 'another cluster'`);
    await log.adopt();
    expect(await kept()).toEqual([own]);
    await insert(`'99999999'`, foreign);
    await log.adopt();
    expect(await kept()).toEqual([own, foreign]);
    await pool.query('delete from user_changes where tenant_id = $1', [foreign]);
  });

  it('ends the watch of a watcher that does not read, with a reason, and of no other', async () => {
    await using feed = openFeed();
    const tenantId = tenant();
    await using reading = watch(feed, [tenantId]);
    await begun(reading);
    let cut: unknown;
    const stop = new AbortController();
    const call = {
      signal: stop.signal,
      abort: (error: unknown) => {
        cut = error;
        stop.abort();
      },
    };
    const stuck = feed.watch({ tenantIds: [tenantId], cursor: '' }, call)[Symbol.asyncIterator]();
    await stuck.next();
    await pool.query(
      `insert into user_changes (tenant_id, user_id, version, kind) select $1, $2, n, 'UPDATED' from generate_series(1, $3::int) n order by n`,
      [tenantId, randomUUID(), MAX_PENDING_CHANGES + 1],
    );
    await expect.poll(() => cut, { timeout: 10_000 }).toMatchObject({ reason: 'STREAM_TOO_SLOW' });
    await expect.poll(() => reading.versions().length, { timeout: 10_000 }).toBe(MAX_PENDING_CHANGES + 1);
    await stuck.return?.(undefined);
  });

  it('sends one object to all watchers of the same tenants, in whatever order they name them', async () => {
    await using feed = openFeed();
    const [one, two] = [tenant(), tenant()];
    await using first = watch(feed, [one, two]);
    await using second = watch(feed, [two, one, two]);
    await begun(first);
    await begun(second);
    await pool.query(INSERT_CHANGE, [two, randomUUID(), 1]);
    const changed = (each: Watch) => each.updates.find(({ changes }) => changes.length > 0);
    await expect.poll(() => changed(first)).toBeDefined();
    await expect.poll(() => changed(second)).toBeDefined();
    expect(changed(first)).toBe(changed(second));
  });

  it('ends every watch when the process drains, and accepts no new one', async () => {
    const feed = openFeed();
    await using watching = watch(feed, [tenant()]);
    await begun(watching);
    await feed.drain();
    expect(await watching.ended).toMatchObject({ reason: 'DRAINING' });
    await using late = watch(feed, [tenant()]);
    expect(await late.ended).toMatchObject({ reason: 'DRAINING' });
    await feed[Symbol.asyncDispose]();
  });
});
