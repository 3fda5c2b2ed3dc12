import { createHook } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChangeSink, SeenVersion } from '../model/change-sink.ts';
import { RANDOM_SEED } from '../random-seed.test-support.ts';
import { ChangeLogService, type LoggedChange } from '../testing/change-log-service.ts';
import { refusal } from '../testing/map-user-service.ts';
import { type ChangeFeed, type ChangeFeedOptions, createChangeFeed } from './change-feed.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()] as const;

let opened: AsyncDisposableStack;
let service: ChangeLogService;
let server: GrpcTestServer;
let received: SeenVersion[];
let lost: string[][];
let replaced: number;

const sink: ChangeSink = {
  onChanges: (seen) => received.push(...seen),
  onGap: (tenantIds) => lost.push([...tenantIds]),
  onReplaced: () => {
    replaced += 1;
  },
};

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  service = new ChangeLogService();
  server = opened.use(await startGrpcTestServer(UserService, service));
  received = [];
  lost = [];
  replaced = 0;
});
afterEach(() => opened.disposeAsync());

function open(options: Partial<ChangeFeedOptions> = {}): ChangeFeed {
  const transport = opened.use(createGrpcTransport({ address: server.address, maxReconnectBackoffMs: 50 }));
  return opened.use(createChangeFeed({ transport, clock: () => performance.now(), sink, ...options }));
}

async function openLive(...tenantIds: string[]): Promise<ChangeFeed> {
  const feed = open();
  for (const tenantId of tenantIds) feed.watch(tenantId);
  for (const tenantId of tenantIds) await untilLive(feed, tenantId);
  return feed;
}

function until(check: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(check()).toBe(true), { timeout: 15_000, interval: 5 });
}

function untilLive(feed: ChangeFeed, tenantId = 'acme'): Promise<void> {
  return until(() => feed.liveSinceMs(tenantId) !== undefined);
}

function versions(id: string, tenantId = 'acme'): bigint[] {
  return received
    .filter((seen) => seen.id === id && seen.tenantId === tenantId)
    .map(({ version }) => version);
}

/** The changes in the order of the log, without repeated ones. */
function firstReceived(): string[] {
  return [...new Set(received.map(({ tenantId, id, version }) => `${tenantId}/${id}/${version}`))];
}

function logged(from = 0): string[] {
  return service.log.slice(from).map(({ tenantId, id, version }) => `${tenantId}/${id}/${version}`);
}

describe('watching', () => {
  it('sends nothing before the first tenant is named, and one stream for tenants named together', async () => {
    const feed = open();
    expect(feed.stats()).toMatchObject({ state: 'idle', streams: 0, lagMs: undefined });
    for (const tenantId of ['acme', 'other', 'acme']) feed.watch(tenantId);
    await untilLive(feed, 'other');
    expect(service.requests.map(({ tenantIds, cursor }) => [tenantIds, cursor])).toEqual([
      [['acme', 'other'], ''],
    ]);
    expect(feed.stats()).toMatchObject({ state: 'watching', streams: 1, tenants: 2 });
  });

  it('passes on changes of its tenants in order, from its start', async () => {
    service.change('acme', ANN);
    const before = performance.now();
    const feed = await openLive('acme');
    expect(feed.liveSinceMs('acme')).toBeGreaterThan(before);
    for (let i = 0; i < 10; i += 1) service.change('acme', i % 2 ? ANN : BEN);
    service.change('other', ANN);
    await until(() => received.length === 10);
    expect(firstReceived()).toEqual(logged(1).slice(0, 10));
    expect(feed.stats()).toMatchObject({ changes: 10, breaks: 0, gaps: 0 });
  });

  it('adds tenants later by resuming, so that no change of the others is missed', async () => {
    const feed = await openLive('acme');
    const since = feed.liveSinceMs('acme') as number;
    let isDone = false;
    const writing = (async () => {
      while (!isDone) {
        service.change('acme', ANN);
        service.change('late', BEN);
        await sleep(2);
      }
    })();
    for (const tenantId of ['late', 'later', 'latest']) {
      feed.watch(tenantId);
      await untilLive(feed, tenantId);
    }
    isDone = true;
    await writing;
    const late = versions(BEN, 'late');
    const newest = service.log.filter(({ id }) => id === ANN).length;
    await until(() => versions(ANN).includes(BigInt(newest)));
    expect([...new Set(versions(ANN))]).toEqual(Array.from({ length: newest }, (_, i) => BigInt(i + 1)));
    expect(late.length).toBeGreaterThan(0);
    expect(feed.liveSinceMs('acme')).toBe(since);
    expect(feed.stats()).toMatchObject({ breaks: 0, gaps: 0, tenants: 4 });
    expect(lost).toEqual([]);
  });

  it('gets no changes for tenants above the limit, and says so', async () => {
    const feed = open();
    for (let i = 0; i <= 1_000; i += 1) feed.watch(`t${i}`);
    await untilLive(feed, 't999');
    expect(feed.liveSinceMs('t1000')).toBeUndefined();
    expect(service.requests[0]?.tenantIds).toHaveLength(1_000);
  });
});

describe('a break', () => {
  it('is followed at once by a stream that resumes, and no change is missed', async () => {
    const feed = await openLive('acme');
    const since = feed.liveSinceMs('acme');
    service.change('acme', ANN);
    await until(() => received.length === 1);
    service.cut();
    service.change('acme', ANN);
    await until(() => versions(ANN).includes(2n));
    await untilLive(feed);
    expect(feed.liveSinceMs('acme')).toBe(since);
    expect(feed.stats()).toMatchObject({ breaks: 1, gaps: 0, state: 'watching' });
    expect(feed.stats().lastError).toMatchObject({ code: Code.Unavailable });
  });

  it('by a server that ends makes the feed late until the server is back', async () => {
    const feed = await openLive('acme');
    const since = feed.liveSinceMs('acme');
    server.kill();
    service.cut();
    service.change('acme', ANN);
    await until(() => feed.liveSinceMs('acme') === undefined);
    expect(feed.stats().lagMs).toBeGreaterThan(2_000);
    server = opened.use(await startGrpcTestServer(UserService, service, { port: server.port }));
    await untilLive(feed);
    expect(versions(ANN)).toEqual([1n]);
    expect(feed.liveSinceMs('acme')).toBe(since);
    expect(lost).toEqual([]);
  });

  it('every 100 ms, while changes flow, loses none and keeps their order', async () => {
    const feed = await openLive('acme', 'other');
    const users = Array.from({ length: 20 }, () => randomUUID());
    for (let i = 0; i < 400; i += 1) {
      service.change(i % 3 ? 'acme' : 'other', users[i % 20] as string);
      if (i % 20 === 0) service.cut();
      await sleep(5);
    }
    await until(() => firstReceived().length === 400);
    expect(firstReceived()).toEqual(logged());
    expect(feed.stats().breaks).toBeGreaterThan(3);
    expect(lost).toEqual([]);
  });

  it('without an error is noticed, and the stream opened again', async () => {
    const feed = open({ tickMs: 100 });
    feed.watch('acme');
    await untilLive(feed);
    service.isSilent = true;
    await until(() => service.requests.length >= 3);
    expect(feed.stats().lastError).toMatchObject({ name: 'StreamSilentError' });
    service.change('acme', ANN);
    service.isSilent = false;
    await until(() => versions(ANN).length > 0);
    await untilLive(feed);
    await until(() => service.open === 1);
    expect(lost).toEqual([]);
  });

  it('leads to pauses between attempts, not to a storm', async () => {
    service.fault = () => new ConnectError('not now', Code.Unavailable);
    const feed = open({ random: () => 1 });
    feed.watch('acme');
    await sleep(700);
    expect(feed.stats().state).toMatch(/pausing|connecting/);
    // 100 + 200 + 400 ms.
    expect(service.requests.length).toBeLessThanOrEqual(4);
    service.fault = undefined;
    await untilLive(feed);
  });

  it('right after each start does not lead to a storm either', async () => {
    const feed = await openLive('acme');
    const stop = setInterval(() => service.cut(), 1);
    await sleep(500);
    clearInterval(stop);
    expect(feed.stats().streams).toBeLessThanOrEqual(15);
  });
});

describe('a gap', () => {
  it('A2: is reported for another feed, by a refused cursor, by the end of a stream, and by a checkpoint', async () => {
    const feed = await openLive('acme');
    const refuse = ({ cursor }: { cursor: string }) =>
      cursor === ''
        ? undefined
        : refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'of another feed', { metadata: { feed: service.feed } });
    service.fault = refuse;
    service.feed = 'feed-2';
    service.cut();
    await until(() => replaced === 1);
    await untilLive(feed);
    // During its first stream, which has no cursor of its own.
    service.fault = undefined;
    service.feed = 'feed-3';
    service.expire();
    await until(() => replaced === 2);
    await untilLive(feed);
    // Where the stream goes on, the next checkpoint names the feed.
    service.feed = 'feed-4';
    await until(() => replaced === 3);
    await untilLive(feed);
    expect(lost).toEqual([['acme'], ['acme'], ['acme']]);
    expect(feed.stats()).toMatchObject({ state: 'watching', gaps: 3 });
  });

  it('A2: is not reported as another feed after a loss by age, nor by a service that names no feed', async () => {
    const feed = await openLive('acme');
    service.oldest = 5;
    for (let i = 0; i < 5; i++) service.change('acme', ANN);
    service.isSilent = true;
    service.fault = ({ cursor }) =>
      cursor === ''
        ? undefined
        : refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'old', { metadata: { feed: service.feed } });
    service.cut();
    service.isSilent = false;
    await until(() => lost.length === 1);
    await untilLive(feed);
    service.feed = '';
    service.cut();
    await until(() => lost.length === 2);
    await untilLive(feed);
    expect(replaced).toBe(0);
  });

  it('is reported where the cursor has expired, and the feed goes on from now', async () => {
    const feed = await openLive('acme', 'other');
    const since = feed.liveSinceMs('acme') as number;
    service.fault = () => new ConnectError('not now', Code.Unavailable);
    service.cut();
    service.change('acme', ANN);
    service.oldest = service.log.length;
    service.fault = undefined;
    await until(() => lost.length === 1);
    expect(lost).toEqual([['acme', 'other']]);
    await untilLive(feed);
    expect(feed.liveSinceMs('acme')).toBeGreaterThan(since);
    service.change('acme', ANN);
    await until(() => received.length > 0);
    expect(versions(ANN)).toEqual([2n]);
    expect(feed.stats()).toMatchObject({ gaps: 1, state: 'watching' });
  });

  it('makes nothing look fresh where the sink fails', async () => {
    const feed = open({
      sink: {
        ...sink,
        onGap: () => {
          throw new Error('of the sink');
        },
      },
    });
    feed.watch('acme');
    await untilLive(feed);
    const since = feed.liveSinceMs('acme') as number;
    service.oldest = 1;
    service.cut();
    service.log.push({ tenantId: 'acme', id: ANN, version: 1n });
    await until(() => feed.stats().gaps === 1);
    await untilLive(feed);
    expect(feed.liveSinceMs('acme')).toBeGreaterThan(since);
  });
});

describe('a change', () => {
  it('is passed on again where the sink failed', async () => {
    let failures = 0;
    const failing: ChangeSink = {
      ...sink,
      onChanges: (seen) => {
        if (failures++ < 2) throw new Error('of the sink');
        sink.onChanges(seen);
      },
    };
    const feed = open({ sink: failing });
    feed.watch('acme');
    await untilLive(feed);
    service.change('acme', ANN);
    await until(() => received.length > 0);
    expect(versions(ANN)[0]).toBe(1n);
    expect(feed.stats().breaks).toBe(2);
  });
});

describe('a feed that is late', () => {
  it('is not live, though its checkpoints come on time', async () => {
    const feed = await openLive('acme');
    service.behindMs = 10_000;
    // In a running stream, a time that goes back is a clock's jump. In a resumed one, it means that the
    // stream is behind.
    service.cut();
    await until(() => feed.liveSinceMs('acme') === undefined);
    await until(() => service.requests.length > 1 && feed.stats().state === 'watching');
    await sleep(200);
    expect(feed.liveSinceMs('acme')).toBeUndefined();
    service.behindMs = 0;
    await untilLive(feed);
  });
});

describe('a refusal', () => {
  it('of a service without a change feed leaves the feed not live, with few attempts', async () => {
    const without = opened.use(await startGrpcTestServer(UserService, {}));
    const transport = opened.use(createGrpcTransport({ address: without.address }));
    const feed = open({ transport });
    feed.watch('acme');
    await until(() => feed.stats().state === 'refused');
    await sleep(300);
    expect(feed.stats()).toMatchObject({ state: 'refused', streams: 1 });
    expect(feed.stats().lastError).toMatchObject({ code: Code.Unimplemented });
    expect(feed.liveSinceMs('acme')).toBeUndefined();
  });

  it('of one tenant does not cost the others their changes', async () => {
    service.fault = ({ tenantIds }) =>
      tenantIds.includes('forbidden')
        ? refusal(Code.PermissionDenied, 'NOT_GRANTED', 'not this tenant')
        : undefined;
    const feed = await openLive('acme');
    feed.watch('forbidden');
    await until(() => feed.stats().tenantsDenied === 1);
    await until(() => service.open === 1 && feed.stats().state === 'watching');
    service.change('acme', ANN);
    await until(() => received.length === 1);
    expect(feed.liveSinceMs('acme')).toBeDefined();
    expect(feed.liveSinceMs('forbidden')).toBeUndefined();
    expect(lost).toEqual([]);
  });

  it('of one watched tenant costs the others little, and is a gap for that tenant', async () => {
    const feed = await openLive('acme', 'other', 'third');
    const isForbidden = { other: true };
    service.fault = ({ tenantIds }) =>
      isForbidden.other && tenantIds.includes('other')
        ? refusal(Code.PermissionDenied, 'NOT_GRANTED', 'not this tenant any more')
        : undefined;
    service.cut();
    const named = () => service.requests.at(-1)?.tenantIds.toSorted().join();
    await until(() => named() === 'acme,third' && feed.stats().tenantsDenied === 1);
    await untilLive(feed, 'acme');
    await untilLive(feed, 'third');
    expect(feed.liveSinceMs('other')).toBeUndefined();
    expect(lost.flat()).toContain('other');
    received = [];
    service.change('other', ANN);
    const last = service.change('acme', BEN);
    await until(() => received.length > 0);
    expect(firstReceived()).toEqual([`acme/${BEN}/${last.version}`]);
  });
});

describe('close', () => {
  it('ends the stream on the server, and passes on nothing more', async () => {
    const feed = await openLive('acme');
    await feed.close();
    await feed.close();
    feed.watch('other');
    expect(feed.liveSinceMs('acme')).toBeUndefined();
    expect(feed.stats().state).toBe('closed');
    await until(() => service.open === 0);
    service.change('acme', ANN);
    await sleep(100);
    expect(received).toEqual([]);
    expect(service.requests).toHaveLength(1);
  });

  it('leaves no timer, in whatever state', async () => {
    const timers = new Set<number>();
    const hook = createHook({
      init: (id, type) => type === 'Timeout' && timers.add(id),
      destroy: (id) => timers.delete(id),
    });
    const fail = (code: Code) => () => {
      throw new ConnectError('no', code);
    };
    const hang = () => new Promise<never>(() => {});
    for (const [state, answer] of [
      ['pausing', fail(Code.Unavailable)],
      ['refused', fail(Code.Unimplemented)],
      ['connecting', hang],
    ] as const) {
      const transport = createRouterTransport(({ service: register }) => {
        register(UserService, {
          async *watchUsers() {
            yield await answer();
          },
        });
      });
      const feed = open({ transport, random: () => 1 });
      hook.enable();
      feed.watch('acme');
      while (feed.stats().state !== state || feed.stats().streams === 0) await new Promise(setImmediate);
      expect(timers.size, state).toBeGreaterThan(0);
      await feed.close();
      await new Promise(setImmediate);
      hook.disable();
      expect(timers.size, state).toBe(0);
    }
  });

  it('does not wait where the transport ignores the signal', async () => {
    const transport = createRouterTransport(({ service: register }) => {
      register(UserService, {
        async *watchUsers() {
          await new Promise(() => {});
        },
      });
    });
    const feed = open({ transport });
    feed.watch('acme');
    await sleep(20);
    await feed.close();
    expect(feed.stats().state).toBe('closed');
  });
});

describe('in any course of events', () => {
  const TENANTS = ['acme', 'other', 'third'] as const;
  const tenant = fc.constantFrom(...TENANTS);
  const user = fc.constantFrom(...Array.from({ length: 3 }, () => randomUUID()));
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('change' as const), tenant, user }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('rest' as const), ms: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('watch' as const), tenant }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'expire' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('silence' as const, 'sound' as const) }) },
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
  type Event = SeenVersion | { lost: readonly string[] };
  /** A change made while its tenant was covered, and the number of events before it. */
  type Debt = LoggedChange & { after: number };

  const isTelling = (event: Event, { tenantId, id, version }: LoggedChange) =>
    'id' in event && event.tenantId === tenantId && event.id === id && event.version === version;
  const settles = (event: Event, debt: Debt) =>
    isTelling(event, debt) || ('lost' in event && event.lost.includes(debt.tenantId));

  async function play(steps: readonly Step[], log: ChangeLogService, feed: ChangeFeed, events: Event[]) {
    const debts: Debt[] = [];
    for (const next of steps) {
      if (next.do === 'change') {
        const isCovered = feed.liveSinceMs(next.tenant) !== undefined;
        const change = log.change(next.tenant, next.user);
        if (isCovered) debts.push({ ...change, after: events.length });
      } else if (next.do === 'rest') await sleep(next.ms);
      else if (next.do === 'watch') feed.watch(next.tenant);
      else if (next.do === 'silence' || next.do === 'sound') log.isSilent = next.do === 'silence';
      else {
        if (next.do === 'expire') log.oldest = log.log.length;
        log.cut();
      }
    }
    log.isSilent = false;
    return debts;
  }

  it('each change of a covered tenant is passed on, in the order of each user, or the tenant has a gap', async () => {
    const seen = { debts: 0, breaks: 0, gaps: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150 }), async (steps) => {
        const log = new ChangeLogService();
        log.heartbeatMs = 20;
        await using own = await startGrpcTestServer(UserService, log);
        using transport = createGrpcTransport({ address: own.address, maxReconnectBackoffMs: 50 });
        const events: Event[] = [];
        const feedOptions = {
          transport,
          clock: () => performance.now(),
          sink: {
            onChanges: (changes: readonly SeenVersion[]) => events.push(...changes),
            onGap: (tenantIds: readonly string[]) => events.push({ lost: tenantIds }),
            onReplaced: () => {},
          },
          random: () => 0,
          tickMs: 60,
        };
        await using feed = createChangeFeed(feedOptions);
        feed.watch('acme');
        await untilLive(feed);
        const debts = await play(steps, log, feed, events);
        await until(() =>
          debts.every((debt) => events.slice(debt.after).some((event) => settles(event, debt))),
        );
        const firsts = new Map<string, number>();
        for (const change of log.log) {
          const at = events.findIndex((event) => isTelling(event, change));
          if (at < 0) continue;
          const key = `${change.tenantId}/${change.id}`;
          expect(at).toBeGreaterThan(firsts.get(key) ?? -1);
          firsts.set(key, at);
        }
        seen.debts += debts.length;
        seen.breaks += feed.stats().breaks;
        seen.gaps += feed.stats().gaps;
      }),
      { numRuns: 30, endOnFailure: true, seed: RANDOM_SEED },
    );
    // Otherwise the test passed because nothing had happened.
    expect(seen.debts).toBeGreaterThan(200);
    expect(seen.breaks).toBeGreaterThan(30);
    expect(seen.gaps).toBeGreaterThan(5);
  }, 120_000);
});
