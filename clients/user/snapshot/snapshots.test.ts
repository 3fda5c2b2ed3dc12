import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { UserSchema, UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { UserCache } from '../store/user-cache.ts';
import { readSnapshot, writeSnapshot } from './snapshot-file.ts';
import { type SnapshotOptions, startSnapshots } from './snapshots.ts';

const ANN = '0198c0de-0000-7000-8000-000000000001';
const BEN = '0198c0de-0000-7000-8000-000000000002';
const UNIX_MS = 1_800_000_000_000;
const scope = { tenantId: 'acme', view: UserView.REFERENCE };

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-snapshot-'));
  path = join(folder, 'users.snapshot');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

function start(cache: UserCache, { nowMs = 0, unixMs = UNIX_MS, ...options }: Start = {}) {
  const all = {
    path,
    intervalMs: 60_000,
    view: UserView.REFERENCE,
    maxBytes: 1e6,
    maxStaleMs: 60_000,
    ...options,
  };
  return startSnapshots(all, cache, { clock: () => nowMs, unixClock: () => unixMs });
}

interface Start extends Partial<SnapshotOptions> {
  nowMs?: number;
  unixMs?: number;
}

function newCache(): UserCache {
  return new UserCache({ maxEntries: 100, maxBytes: 1e6, maxMissingEntries: 10, maxSeenVersions: 10 });
}

function cacheOf(id: string, view: UserView = UserView.REFERENCE): UserCache {
  const cache = newCache();
  const user = create(UserSchema, {
    id: ANN,
    tenantId: 'acme',
    version: 7n,
    displayName: 'Änn ✓',
    email: 'a@b.cd',
  });
  cache.putUser({ tenantId: 'acme', view }, id, { user, readAtMs: 0 });
  return cache;
}

/** The warnings of the process from now on. */
function warnings(): string[] {
  const seen: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    seen.push(String(warning));
  });
  return seen;
}

/**
 * Blocks reads and writes of files until it is disposed of: every thread that Node has for files waits for a
 * pipe without a writer.
 */
async function hangDisk(): Promise<AsyncDisposable> {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const pipes = Array.from({ length: threads }, (_, i) => join(folder, `pipe-${i}`));
  execFileSync('mkfifo', pipes);
  const opened = pipes.map((pipe) => open(pipe, 'r'));
  return {
    async [Symbol.asyncDispose]() {
      const ends = pipes.map((pipe) => openSync(pipe, 'r+'));
      for (const file of await Promise.all(opened)) await file.close();
      for (const end of ends) closeSync(end);
      await Promise.all(pipes.map((pipe) => rm(pipe)));
    },
  };
}

describe('a snapshot', () => {
  it('that a killed process left unfinished is removed by the next one, and nothing beside it', async () => {
    const others = ['users.snapshot.bak', 'users.snapshot.tmp', `other.${ANN}.tmp`];
    for (const name of [`users.snapshot.${ANN}.tmp`, ...others]) await writeFile(join(folder, name), 'names');
    await start(newCache()).close();
    expect((await readdir(folder)).sort()).toEqual(others.toSorted());
  });

  it('carries users over a restart, with their age, for its owner to read', async () => {
    await start(cacheOf(ANN), { nowMs: 500 }).close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const next = newCache();
    const restarted = start(next, { nowMs: 10, unixMs: UNIX_MS + 2_000 });
    const carried = next.getUser(scope, ANN);
    expect(carried).toMatchObject({
      user: { id: ANN, version: 7n, displayName: 'Änn ✓' },
      readAtMs: 10 - 2_500,
    });
    expect(Object.isFrozen(carried?.user)).toBe(true);
    await restarted.close();
    expect(await readdir(folder)).toEqual(['users.snapshot']);
  });

  it('remembers the id under which a merged user was asked for', async () => {
    await start(cacheOf(BEN)).close();
    const next = newCache();
    await start(next).close();
    expect(next.getUser(scope, BEN)?.user.id).toBe(ANN);
    expect(next.getUser(scope, ANN)).toBeUndefined();
  });

  it('has no contact data unless the options ask for it', async () => {
    await start(cacheOf(ANN, UserView.BASIC)).close();
    expect(await readdir(folder)).toEqual([]);
    await start(cacheOf(ANN, UserView.BASIC), { view: UserView.FULL }).close();
    const next = newCache();
    await start(next, { view: UserView.FULL }).close();
    expect(next.getUser({ ...scope, view: UserView.BASIC }, ANN)?.user.email).toBe('a@b.cd');
  });

  it('leaves out users that are too old to serve, and lets no age get younger', async () => {
    await start(cacheOf(ANN), { nowMs: 500 }).close();
    const late = newCache();
    await start(late, { unixMs: UNIX_MS + 59_501 }).close();
    expect(late.getUser(scope, ANN)).toBeUndefined();
    const back = newCache();
    await start(back, { nowMs: 10, unixMs: UNIX_MS - 1e9 }).close();
    expect(back.getUser(scope, ANN)?.readAtMs).toBe(10 - 501);
  });

  it('is written at intervals, and an empty cache does not replace it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const cache = cacheOf(ANN);
      const snapshots = start(cache, { intervalMs: 1_000 });
      vi.advanceTimersByTime(1_000);
      await snapshots.write();
      const written = await readFile(path, 'latin1');
      cache.clear();
      await snapshots.close();
      expect(await readFile(path, 'latin1')).toBe(written);
      expect(readSnapshot(path, 1e6)?.entries).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of a great many users is written and read whole', async () => {
    const entries = Array.from({ length: 1_234 }, (_, i) => {
      const id = `0198c0de-0000-7000-8000-${String(i).padStart(12, '0')}`;
      return {
        id,
        view: UserView.REFERENCE,
        ageMs: i,
        user: create(UserSchema, { id, tenantId: 'acme', version: 1n }),
      };
    });
    await writeSnapshot(path, { writtenAtMs: UNIX_MS, entries }, { maxBytes: 1e7 });
    const read = readSnapshot(path, 1e7);
    expect(read?.entries.map(({ id, ageMs }) => [id, ageMs])).toEqual(
      entries.map(({ id, ageMs }) => [id, ageMs]),
    );
  });
});

describe('a snapshot of more than a file may hold', () => {
  it('keeps the users that were used last, so that its reader accepts it', async () => {
    const said = warnings();
    const cache = newCache();
    const ids = Array.from(
      { length: 50 },
      (_, i) => `0198c0de-0000-7000-8000-${String(i).padStart(12, '0')}`,
    );
    // One letter each in the estimate, and four bytes each in the file.
    const displayName = '王'.repeat(500);
    for (const id of ids) {
      const user = create(UserSchema, { id, tenantId: 'acme', version: 1n, displayName });
      cache.putUser(scope, id, { user, readAtMs: 0 });
    }
    const { bytes } = cache.size;
    await start(cache, { maxBytes: bytes }).close();
    expect((await stat(path)).size).toBeLessThanOrEqual(bytes);
    const next = newCache();
    await start(next, { maxBytes: bytes }).close();
    expect(said).toEqual([]);
    const { length } = [...next.all()];
    expect(length).toBeGreaterThan(10);
    expect(ids.slice(-length).every((id) => next.getUser(scope, id) !== undefined)).toBe(true);
  });
});

describe('a disk that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps one write waiting, and not one more at each interval', async () => {
    const written: unknown[] = [];
    const first = Promise.withResolvers<void>();
    const hear = (message: unknown) => {
      written.push(message);
      first.resolve();
    };
    subscribe('rollcall:user-client:snapshot:written', hear);
    onTestFinished(() => void unsubscribe('rollcall:user-client:snapshot:written', hear));
    const snapshots = start(cacheOf(ANN), { intervalMs: 1_000 });
    {
      await using _ = await hangDisk();
      vi.advanceTimersByTime(5_000);
    }
    await first.promise;
    // The last write comes after the waiting one.
    await snapshots.close();
    expect(written).toHaveLength(2);
  });

  it('holds up the close for at most ten seconds, and gets no more writes', async () => {
    const said = warnings();
    const snapshots = start(cacheOf(ANN), { intervalMs: 1_000 });
    {
      await using _ = await hangDisk();
      vi.advanceTimersByTime(1_000);
      const closing = snapshots.close();
      vi.advanceTimersByTime(10_000);
      // A longer wait fails here, and releases the disk.
      expect(await Promise.race([closing, sleep(5_000, 'late')])).toBeUndefined();
    }
    expect(said).toEqual([
      expect.stringContaining('cannot be written: the disk did not take it within 10000 ms'),
    ]);
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
    await sleep(50);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a file that cannot be used', () => {
  const damages: [string, (text: string) => string][] = [
    ['cut short', (text) => text.slice(0, -10)],
    ['changed', (text) => text.replace('\n1 ', '\n2 ')],
    ['without its end', (text) => text.slice(0, text.indexOf('sha256'))],
    ['of a later format', (text) => text.replace('snapshot 1 ', 'snapshot 2 ')],
    ['nothing but a beginning', () => 'rollcall-user-snapshot '],
  ];
  it.each(damages)('because it is %s is reported, not used, and replaced', async (_, damage) => {
    await start(cacheOf(ANN)).close();
    await writeFile(path, damage(await readFile(path, 'latin1')));
    const said = warnings();
    const next = newCache();
    const snapshots = start(next);
    expect(next.size.entries).toBe(0);
    expect(said).toEqual([expect.stringContaining(`the snapshot ${path} is not used`)]);
    next.putUser(scope, ANN, { user: create(UserSchema, { id: ANN, tenantId: 'acme' }), readAtMs: 0 });
    await snapshots.close();
    expect(readSnapshot(path, 1e6)?.entries).toHaveLength(1);
  });

  it('because it is too large is reported and not read', async () => {
    await start(cacheOf(ANN)).close();
    const said = warnings();
    const next = newCache();
    await start(next, { maxBytes: 100 }).close();
    expect(next.size.entries).toBe(0);
    expect(said[0]).toMatch(/more than maxBytes 100/);
  });

  it('because it belongs to someone else is never touched', async () => {
    await writeFile(path, 'my novel');
    const said = warnings();
    await start(cacheOf(ANN)).close();
    expect(await readFile(path, 'utf8')).toBe('my novel');
    expect(said).toEqual([expect.stringContaining('it is left alone and none is written')]);
  });

  it('because a user in it is invalid is reported, whatever its checksum', async () => {
    const user = create(UserSchema, { id: 'no uuid', tenantId: 'acme' });
    const entry = { user, id: ANN, view: UserView.REFERENCE, ageMs: 0 };
    await writeSnapshot(path, { writtenAtMs: UNIX_MS, entries: [entry] }, { maxBytes: 1e7 });
    const said = warnings();
    await start(newCache()).close();
    expect(said[0]).toMatch(/a line of it is no user/);
  });

  it('because its folder does not exist is reported once, and fails no read', async () => {
    const said = warnings();
    const snapshots = start(cacheOf(ANN), { path: join(folder, 'nowhere', 'users') });
    await snapshots.write();
    await snapshots.close();
    expect(said).toEqual([expect.stringContaining('cannot be written')]);
  });
});
