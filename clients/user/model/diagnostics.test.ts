import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, createRouterTransport, type Transport } from '@connectrpc/connect';
import { UserService, UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChangeFeedOptions, createChangeFeed } from '../feed/change-feed.ts';
import { createUserClient, DIAGNOSTIC_CHANNELS, type DiagnosticChannel, type UserClient } from '../index.ts';
import { ChangeLogService } from '../testing/change-log-service.ts';
import { MapUserService } from '../testing/map-user-service.ts';
import { publish } from './diagnostics.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()] as const;
const outage = new ConnectError('away', Code.Unavailable);

let opened: AsyncDisposableStack;
let service: MapUserService;
let transport: Transport;
let users: UserClient;
let nowMs: number;

beforeEach(() => {
  opened = new AsyncDisposableStack();
  service = new MapUserService();
  nowMs = 0;
  service.put('acme', ANN);
  service.put('acme', BEN);
  transport = createRouterTransport((router) => router.service(UserService, service));
  users = open({ resetTimeoutMs: 20 });
});
afterEach(() => opened.disposeAsync());

function open({ resetTimeoutMs }: { resetTimeoutMs: number }): UserClient {
  return opened.use(
    createUserClient({
      transport,
      tenantId: 'acme',
      clock: () => nowMs,
      breaker: { volumeThreshold: 1, resetTimeoutMs },
    }),
  );
}

/** The change feed of this log, on the test's clock by default. */
function openFeed(changes: ChangeLogService, options: Partial<ChangeFeedOptions>) {
  return opened.use(
    createChangeFeed({
      transport: createRouterTransport((router) => router.service(UserService, changes)),
      clock: () => nowMs,
      sink: { onChanges() {}, onGap() {}, onReplaced() {} },
      ...options,
    }),
  );
}

/** Collects the messages of a channel, and calls `act` for each. */
function listen(name: DiagnosticChannel, act?: () => void): unknown[] {
  const heard: unknown[] = [];
  const hear = (message: unknown) => {
    heard.push(message);
    act?.();
  };
  subscribe(name, hear);
  opened.defer(() => void unsubscribe(name, hear));
  return heard;
}

describe('the channels', () => {
  it('publish a batch when it is sent and when it is answered', async () => {
    const sent = listen('rollcall:user-client:batch:sent');
    const answered = listen('rollcall:user-client:batch:answered');
    await users.lookupMany([ANN, BEN]);
    const batch = { method: 'BatchGetUsers', tenantId: 'acme', view: UserView.REFERENCE, size: 2 };
    expect(sent).toEqual([batch]);
    expect(answered).toEqual([{ sent: batch, durationMs: expect.any(Number), status: 'OK' }]);
    service.fault = outage;
    await users.resolve({ email: 'ann@example.com' });
    expect(sent).toHaveLength(2);
    expect(answered[1]).toMatchObject({
      sent: { method: 'ResolveUsers', size: 1 },
      status: 'UNAVAILABLE',
      error: { code: Code.Unavailable },
    });
  });

  it('publish a read with stale answers', async () => {
    const stale = listen('rollcall:user-client:answer:stale');
    await users.getUser(ANN);
    nowMs = 1_000;
    await users.getUser(BEN);
    expect(stale).toEqual([]);
    nowMs = 10_000;
    service.fault = outage;
    await users.lookupMany([ANN, BEN, randomUUID()]);
    expect(stale).toEqual([{ tenantId: 'acme', count: 2, oldestMs: 10_000, reason: 'service_unavailable' }]);
  });

  it('publish a read with more stale answers than a call takes arguments', async () => {
    users = opened.use(
      createUserClient({ transport, tenantId: 'acme', clock: () => nowMs, maxIdsPerCall: 200_000 }),
    );
    const stale = listen('rollcall:user-client:answer:stale');
    await users.getUser(ANN);
    nowMs = 10_000;
    service.fault = outage;
    await users.lookupMany(Array(200_000).fill(ANN));
    expect(stale).toMatchObject([{ count: 200_000, oldestMs: 10_000 }]);
  });

  it('publish single stale answers, which are given at once', async () => {
    users = open({ resetTimeoutMs: 60_000 });
    await users.getUser(ANN);
    nowMs = 60_000;
    service.fault = outage;
    const ask = async () => (await users.lookup(randomUUID())) && users.stats().breaker;
    await expect.poll(ask).toBe('open');
    const stale = listen('rollcall:user-client:answer:stale');
    await users.getUser(ANN);
    nowMs = 60_010;
    await users.lookup(ANN);
    await users.lookup(BEN);
    const message = { tenantId: 'acme', count: 1, reason: 'breaker_open' };
    expect(stale).toEqual([
      { ...message, oldestMs: 60_000 },
      { ...message, oldestMs: 60_010 },
    ]);
  });

  it('publish the breaker, when it opens and when it closes', async () => {
    const changes = listen('rollcall:user-client:breaker:changed');
    service.fault = outage;
    await users.lookup(ANN);
    expect(changes).toEqual([{ from: 'closed', to: 'open' }]);
    service.fault = undefined;
    // However many probes it takes.
    const ask = async () => {
      await users.lookup(randomUUID());
      return users.stats().breaker;
    };
    await expect.poll(ask, { timeout: 10_000 }).toBe('closed');
    expect(changes.slice(1)).toEqual([
      { from: 'open', to: 'half-open' },
      { from: 'half-open', to: 'closed' },
    ]);
  });

  it('publish when tenants are covered, when the feed is late, and when there is a gap', async () => {
    const live = listen('rollcall:user-client:feed:live');
    const lost = listen('rollcall:user-client:feed:lost');
    const changes = new ChangeLogService();
    const feed = openFeed(changes, { random: () => 0 });
    feed.watch('acme');
    await expect.poll(() => live).toEqual([{ tenantIds: ['acme'] }]);
    feed.watch('other');
    await expect.poll(() => live[1]).toEqual({ tenantIds: ['other'] });
    expect(lost).toEqual([]);

    changes.fault = () => outage;
    changes.cut();
    await expect.poll(() => feed.stats().breaks).toBeGreaterThan(1);
    expect(lost).toEqual([]);
    nowMs = 3_000;
    await expect.poll(() => lost, { timeout: 10_000 }).toHaveLength(1);
    expect(lost[0]).toEqual({
      tenantIds: ['acme', 'other'],
      reason: 'late',
      lagMs: 3_000,
      error: expect.objectContaining({ code: Code.Unavailable }),
    });

    changes.change('acme', ANN);
    changes.oldest = 1;
    changes.fault = undefined;
    await expect.poll(() => lost, { timeout: 10_000 }).toHaveLength(2);
    expect(lost[1]).toMatchObject({
      tenantIds: ['acme', 'other'],
      reason: 'gap',
      lagMs: 3_000,
      error: { code: Code.OutOfRange },
    });
    await expect.poll(() => live[2], { timeout: 10_000 }).toEqual({ tenantIds: ['acme', 'other'] });
    await feed.close();
    expect(lost).toHaveLength(2);
  });

  it('publish that the feed is late while the stream is up and silent', async () => {
    const live = listen('rollcall:user-client:feed:live');
    const changes = new ChangeLogService();
    const feed = openFeed(changes, { tickMs: 200 });
    const breaks: number[] = [];
    const lost = listen('rollcall:user-client:feed:lost', () => breaks.push(feed.stats().breaks));
    feed.watch('acme');
    await expect.poll(() => live).toHaveLength(1);
    changes.isSilent = true;
    nowMs = 3_000;
    await expect.poll(() => lost).toHaveLength(1);
    expect(lost).toEqual([{ tenantIds: ['acme'], reason: 'late', lagMs: expect.any(Number) }]);
    expect(breaks).toEqual([0]);
  });

  it('publish which tenants are left without changes, and no other', async () => {
    const live = listen('rollcall:user-client:feed:live');
    const lost = listen('rollcall:user-client:feed:lost');
    const changes = new ChangeLogService();
    const feed = openFeed(changes, { random: () => 0, clock: () => performance.now() });
    feed.watch('acme');
    feed.watch('other');
    await expect.poll(() => live).toEqual([{ tenantIds: ['acme', 'other'] }]);
    changes.fault = ({ tenantIds }) =>
      tenantIds.includes('acme') ? new ConnectError('no', Code.PermissionDenied) : undefined;
    changes.cut();
    await expect.poll(() => feed.stats(), { timeout: 10_000 }).toMatchObject({ state: 'watching' });
    await expect
      .poll(() => lost, { timeout: 10_000 })
      .toMatchObject([{ tenantIds: ['acme'], reason: 'gap', error: { code: Code.PermissionDenied } }]);
    expect(live).toHaveLength(1);
  });

  it('publish the snapshot: written, read, and what failed', async () => {
    const written = listen('rollcall:user-client:snapshot:written');
    const read = listen('rollcall:user-client:snapshot:read');
    const failed = listen('rollcall:user-client:snapshot:failed');
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-diagnostics-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users.snapshot');
    const open = (path: string) => createUserClient({ transport, tenantId: 'acme', snapshotPath: path });
    const first = open(snapshotPath);
    await first.getUsers([ANN, BEN]);
    await first.close();
    expect(written).toEqual([{ users: 2, durationMs: expect.any(Number) }]);
    // There was no snapshot to read.
    expect(read).toEqual([]);
    await open(snapshotPath).close();
    expect(read).toEqual([{ users: 2, durationMs: expect.any(Number) }]);

    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    opened.defer(() => warned.mockRestore());
    await writeFile(snapshotPath, 'not a snapshot');
    await open(snapshotPath).close();
    expect(failed).toEqual([{ doing: 'read', error: expect.any(Error) }]);
    const nowhere = open(join(folder, 'no', 'such', 'folder'));
    await nowhere.getUser(ANN);
    await nowhere.close();
    expect(failed.slice(1)).toEqual([{ doing: 'write', error: expect.any(Error) }]);
  });

  it('have their messages made only where there is a subscriber', () => {
    const toMessage = vi.fn(() => ({ tenantIds: ['acme'] }));
    publish('rollcall:user-client:feed:live', toMessage);
    expect(toMessage).not.toHaveBeenCalled();
    const live = listen('rollcall:user-client:feed:live');
    publish('rollcall:user-client:feed:live', toMessage);
    expect(live).toEqual([{ tenantIds: ['acme'] }]);
  });

  it('are listed in the README, all of them', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const listed = [...readme.matchAll(/`(rollcall:user-client:[a-z:-]+)`/g)].map(([, name]) => name);
    expect(listed).toEqual(DIAGNOSTIC_CHANNELS);
  });
});
