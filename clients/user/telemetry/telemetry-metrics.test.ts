import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Code, ConnectError, createRouterTransport, type Transport } from '@connectrpc/connect';
import { metrics as globalMetrics } from '@opentelemetry/api';
import { UserService } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, UserClientOptionError, type UserClientOptions } from '../index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { MapUserService } from '../testing/map-user-service.ts';
import { RECORDED_METRICS, SCOPE } from './client-metrics.ts';
import { type MetricSource, READ_METRICS, toMetricReadings } from './metric-readings.ts';
import { openMetrics, type Point } from './telemetry.test-support.ts';

const [ANN, BEN, NOBODY] = [randomUUID(), randomUUID(), randomUUID()] as const;

let opened: AsyncDisposableStack;
let telemetry: ReturnType<typeof openMetrics>;
let service: MapUserService;
let transport: Transport;
let nowMs: number;

beforeEach(() => {
  opened = new AsyncDisposableStack();
  telemetry = opened.use(openMetrics());
  service = new MapUserService();
  transport = createRouterTransport(({ service: serve }) => serve(UserService, service));
  nowMs = 0;
  service.put('acme', ANN);
  service.put('acme', BEN);
});
afterEach(() => opened.disposeAsync());

function open(options: Partial<UserClientOptions> = {}) {
  const { provider: meterProvider } = telemetry;
  return opened.use(
    createUserClient({
      transport,
      tenantId: 'acme',
      clock: () => nowMs,
      telemetry: { meterProvider },
      ...options,
    }),
  );
}

/** The points of a metric, by their attributes. */
async function pointsOf(name: string): Promise<Record<string, Omit<Point, 'attributes'>>> {
  const points = (await telemetry.collect()).get(name)?.points ?? [];
  return Object.fromEntries(
    points.map(({ attributes, ...point }) => [Object.values(attributes).join(' '), point]),
  );
}

describe('metrics read at each collection', () => {
  it('count hits, misses and joined reads', async () => {
    const users = open();
    await Promise.all([users.lookup(ANN), users.lookup(ANN)]);
    await users.getUser(ANN);
    await users.lookupMany([ANN, NOBODY]);
    expect(await pointsOf('rollcall.user_client.lookups')).toEqual({
      hit: { value: 2 },
      miss: { value: 2 },
      coalesced: { value: 1 },
    });
    expect(await pointsOf('rollcall.user_client.entries')).toEqual({
      user: { value: 1 },
      missing: { value: 1 },
    });
    expect(await pointsOf('rollcall.user_client.batched_users')).toEqual({ '': { value: 2 } });
  });

  it('count stale and unavailable users, and show the breaker', async () => {
    const users = open({ breaker: { volumeThreshold: 1, errorThresholdPercentage: 10 } });
    await users.getUser(ANN);
    nowMs = 6_000;
    service.fault = new ConnectError('away', Code.Unavailable);
    await users.lookupMany([ANN, BEN]);
    expect(await pointsOf('rollcall.user_client.degraded_lookups')).toEqual({
      stale: { value: 1 },
      unavailable: { value: 1 },
    });
    expect(await pointsOf('rollcall.user_client.breaker.state')).toEqual({
      closed: { value: 0 },
      open: { value: 1 },
      'half-open': { value: 0 },
    });
  });

  it('show the lag of the change feed in seconds, where there is one', () => {
    const source: MetricSource = { ...open().stats(), streamLagMs: 1_500 };
    const named = (readings: ReturnType<typeof toMetricReadings>) =>
      readings.filter(({ metric }) => metric === READ_METRICS.streamLag).map(({ value }) => value);
    expect(named(toMetricReadings(source))).toEqual([1.5]);
    expect(named(toMetricReadings({ ...source, streamLagMs: undefined }))).toEqual([]);
  });
});

describe('metrics recorded per call', () => {
  it('show the size and the length of calls, by method and status', async () => {
    const users = open();
    await users.lookupMany([ANN, BEN, NOBODY]);
    service.fault = new ConnectError('away', Code.Unavailable);
    await users.lookup(randomUUID());
    const method = 'rollcall.user.v1.UserService/BatchGetUsers';
    expect(await pointsOf('rollcall.user_client.batch.size')).toEqual({ [method]: { value: 4, count: 2 } });
    expect(await pointsOf('rpc.client.call.duration')).toMatchObject({
      [`${method} OK`]: { count: 1 },
      [`${method} UNAVAILABLE UNAVAILABLE`]: { count: 1 },
    });
  });

  it('show the age of the oldest answer from memory, once per read and source', async () => {
    const users = open();
    await users.getUser(ANN);
    nowMs = 2_000;
    await users.getUser(BEN);
    nowMs = 3_000;
    await users.lookupMany([ANN, BEN]);
    nowMs = 60_000;
    service.fault = new ConnectError('away', Code.Unavailable);
    await users.lookupMany([ANN, BEN]);
    expect(await pointsOf('rollcall.user_client.answer.age')).toEqual({
      cache: { value: 3, count: 1 },
      stale: { value: 60, count: 1 },
    });
  });

  it('show the age of single stale answers, which are given at once', async () => {
    const users = open({ breaker: { volumeThreshold: 1, resetTimeoutMs: 60_000 } });
    await users.getUser(ANN);
    nowMs = 60_000;
    service.fault = new ConnectError('away', Code.Unavailable);
    const ask = async () => (await users.lookup(NOBODY)) && users.stats().breaker;
    await expect.poll(ask).toBe('open');
    await users.getUser(ANN);
    await users.lookup(ANN);
    expect(await pointsOf('rollcall.user_client.answer.age')).toEqual({ stale: { value: 120, count: 2 } });
  });
});

describe('many clients', () => {
  it('are summed, and the counts of closed ones stay', async () => {
    const [one, other] = [open(), open()];
    await one.getUser(ANN);
    await other.getUser(ANN);
    await other.getUser(ANN);
    const all = { hit: { value: 1 }, miss: { value: 2 }, coalesced: { value: 0 } };
    expect(await pointsOf('rollcall.user_client.lookups')).toEqual(all);
    expect(await pointsOf('rollcall.user_client.breaker.state')).toMatchObject({ closed: { value: 2 } });
    await Promise.all([one.close(), other.close()]);
    await other.close();
    expect(await pointsOf('rollcall.user_client.lookups')).toEqual(all);
    const none = { value: 0 };
    expect(await pointsOf('rollcall.user_client.breaker.state')).toEqual({
      closed: none,
      open: none,
      'half-open': none,
    });
    expect(await pointsOf('rollcall.user_client.entries')).toMatchObject({ user: { value: 0 } });
  });

  it('come and go without leaving series or themselves behind', async () => {
    const open1 = async () => {
      const users = createUserClient({
        transport,
        tenantId: 'acme',
        telemetry: { meterProvider: telemetry.provider },
      });
      await users.getUser(ANN);
      await users.close();
      // The function through which the metrics read the client.
      return new WeakRef(users.stats);
    };
    await open1();
    const count = async () =>
      [...(await telemetry.collect()).values()].flatMap(({ points }) => points).length;
    const before = await count();
    const closed: WeakRef<object>[] = [];
    for (let i = 0; i < 50; i++) closed.push(await open1());
    expect(await count()).toBe(before);
    expect(await pointsOf('rollcall.user_client.lookups')).toMatchObject({ miss: { value: 51 } });
    setFlagsFromString('--expose-gc');
    await expect
      .poll(
        () => {
          runInNewContext('gc')();
          return closed.filter((ref) => ref.deref() !== undefined).length;
        },
        { timeout: 10_000 },
      )
      .toBeLessThanOrEqual(1);
  });
});

describe('the provider', () => {
  it('is the global one where none is given', async () => {
    globalMetrics.setGlobalMeterProvider(telemetry.provider);
    opened.defer(() => globalMetrics.disable());
    await open({ telemetry: {} }).getUser(ANN);
    expect(await pointsOf('rollcall.user_client.lookups')).toMatchObject({ miss: { value: 1 } });
  });

  it('is none where telemetry is off', async () => {
    globalMetrics.setGlobalMeterProvider(telemetry.provider);
    opened.defer(() => globalMetrics.disable());
    const users = open({ telemetry: false });
    await users.lookupMany([ANN, BEN]);
    await users.lookupMany([ANN, BEN]);
    expect(await telemetry.collect()).toEqual(new Map());
    expect(users.stats()).toMatchObject({ hits: 2, misses: 2 });
  });

  it.each([
    [true, 'telemetry'],
    [null, 'telemetry'],
    [{ meterProvider: {} }, 'telemetry.meterProvider'],
    [{ tracerProvider: 1 }, 'telemetry.tracerProvider'],
  ])('cannot be %j', (given, option) => {
    const wrong = () => open({ telemetry: given as unknown as false });
    expect(wrong).toThrow(UserClientOptionError);
    expect(wrong).toThrow(expect.objectContaining({ option }));
  });
});

describe('the names', () => {
  it('are listed in the README, with kind and unit', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `((?:rollcall|rpc)\.[a-z_.]+)` *\| ([a-z]+) *\| `([^`]+)` *\|/gm)];
    const listed = rows.map(([, name, kind, unit]) => ({ name, kind, unit }));
    const read = Object.values(READ_METRICS).map(({ name, kind, unit }) => ({ name, kind, unit }));
    const recorded = Object.values(RECORDED_METRICS).map(({ name, unit }) => ({
      name,
      kind: 'histogram',
      unit,
    }));
    expect(listed).toEqual([...read, ...recorded]);
  });

  it('of meter and tracer are the ones of the package', () => {
    expect(SCOPE).toEqual({ name: packageJson.name, version: packageJson.version });
  });
});
