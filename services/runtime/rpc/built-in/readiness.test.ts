import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '@rollcall/contract/health';
import { ServerReflection, ServerReflectionV1Alpha } from '@rollcall/contract/reflection';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { PublicCallLimits } from '../ingress/public-call-limits.ts';
import { openServers } from '../ingress/wire-protocols.test-support.ts';
import type { TestServers } from '../servers.test-support.ts';
import { createReadiness } from './readiness.ts';

const AT_ONCE = 300;

function openCounted() {
  let checks = 0;
  const isReady = async () => {
    checks++;
    await sleep(5);
    return true;
  };
  return { checks: () => checks, isReady };
}

/** Public methods and pages. */
const OPEN: readonly [string, (test: TestServers, transports: Transports) => Promise<unknown>][] = [
  ['Health/Check', (_, { grpc }) => createClient(Health, grpc).check({})],
  ['Health/List', (_, { grpc }) => createClient(Health, grpc).list({})],
  ['Health/Watch', (_, { grpc }) => first(createClient(Health, grpc).watch({}))],
  [
    'reflection v1',
    (_, { grpc }) => first(createClient(ServerReflection, grpc).serverReflectionInfo(listServices())),
  ],
  [
    'reflection v1alpha',
    (_, { grpc }) => first(createClient(ServerReflectionV1Alpha, grpc).serverReflectionInfo(listServices())),
  ],
  ['Health/List by HTTP', (_, { http }) => createClient(Health, http).list({})],
  ...['/healthz', '/readyz', '/metrics', '/no/such/page'].map((path): (typeof OPEN)[number] => [
    path,
    async ({ servers }) => (await fetch(`http://127.0.0.1:${servers.http.port}${path}`)).text(),
  ]),
];

interface Transports {
  readonly grpc: ReturnType<typeof createGrpcTransport>;
  readonly http: ReturnType<typeof createConnectTransport>;
}

async function first<T>(answers: AsyncIterable<T>): Promise<T | undefined> {
  for await (const answer of answers) return answer;
  return undefined;
}

async function* listServices() {
  yield { messageRequest: { case: 'listServices' as const, value: '' } };
}

const readyz = async ({ servers }: TestServers) =>
  (await fetch(`http://127.0.0.1:${servers.http.port}/readyz`)).status;

describe('readiness', () => {
  it.each(OPEN)(
    `B3: is checked a few times and stays ready under ${AT_ONCE} calls at once of %s`,
    async (_, ask) => {
      const { checks, isReady } = openCounted();
      await using test = await openServers({ isReady });
      const startedAt = performance.now();
      using grpc = createGrpcTransport({
        address: `127.0.0.1:${test.servers.grpc.port}`,
        defaultTimeoutMs: 30_000,
      });
      const http = createConnectTransport({
        baseUrl: `http://127.0.0.1:${test.servers.http.port}`,
        httpVersion: '2',
      });
      const flood = Array.from({ length: AT_ONCE }, () => ask(test, { grpc, http }));
      expect(await readyz(test)).toBe(200);
      await Promise.all(flood);
      expect(await readyz(test)).toBe(200);
      expect(checks()).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 500);
    },
  );

  it('B3: is cached for half a second, and checked once for many requests', async () => {
    const { checks, isReady } = openCounted();
    using readiness = createReadiness(isReady);
    await Promise.all(Array.from({ length: 100 }, () => readiness.isReady()));
    await readiness.isReady();
    expect(checks()).toBe(1);
    await expect
      .poll(async () => {
        await readiness.isReady();
        return checks();
      })
      .toBe(2);
  });

  it('B3: is false when the check fails or does not answer', async () => {
    using failing = createReadiness(() => Promise.reject(new Error('no')));
    expect(await failing.isReady()).toBe(false);
    using hanging = createReadiness(() => new Promise(() => {}));
    expect(await hanging.isReady()).toBe(false);
  });

  it.each([
    ['', 'the process'],
    ['rollcall.user.v1.UserService', 'a service'],
  ])('B3: Health/Watch of %j reports when it is lost and when it is back', async (service) => {
    let ready = true;
    await using test = await openServers({ isReady: async () => ready });
    using grpc = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    const seen: Serving[] = [];
    for await (const { status } of createClient(Health, grpc).watch({ service })) {
      seen.push(status);
      ready = !ready;
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([Serving.SERVING, Serving.NOT_SERVING, Serving.SERVING]);
  });

  it('B3: Health/Watch of an unknown service says so and stays open', async () => {
    await using test = await openServers({ drainMs: 100 });
    using grpc = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    const watch = createClient(Health, grpc).watch({ service: 'no.Such' })[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ status: Serving.SERVICE_UNKNOWN });
    const next = watch.next().then(
      () => 'ended',
      () => 'ended',
    );
    expect(await Promise.race([next, sleep(200, 'open')])).toBe('open');
  });
});

describe('public methods and pages', () => {
  it('B3: are limited by address, and one flood leaves others their share', () => {
    let nowMs = 0;
    const limits = new PublicCallLimits({ ratePerSecond: 10, burst: 3, concurrency: 100 }, () => nowMs);
    const ask = (peer: string, name = 'a') => {
      const entered = limits.enter(name, peer);
      if (typeof entered === 'function') entered();
      return typeof entered === 'function' ? 'served' : entered;
    };
    expect([1, 2, 3].map((port) => ask(`10.0.0.1:${port}`))).toEqual(['served', 'served', 'served']);
    expect(ask('10.0.0.1:4')).toEqual({ limit: 'rate', retryMs: 100 });
    expect([ask('10.0.0.2:1'), ask('10.0.0.1:5', 'b')]).toEqual(['served', 'served']);
    nowMs = 100;
    expect(ask('10.0.0.1:6')).toBe('served');
  });

  it('B3: are refused with a reason beyond the limit, by call and by page', async () => {
    await using test = await openServers({ ingress: { publicCalls: { burst: 1, ratePerSecond: 0.001 } } });
    using grpc = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    const health = createClient(Health, grpc);
    await health.check({});
    await expect(health.check({})).rejects.toThrow(/resource_exhausted.*too often/);
    expect([await readyz(test), await readyz(test)]).toEqual([200, 429]);
  });

  it.each([
    ['v1', ServerReflection],
    ['v1alpha', ServerReflectionV1Alpha],
  ])('B3: count each request within a stream of reflection %s', async (_, service) => {
    await using test = await openServers({ ingress: { publicCalls: { burst: 3, ratePerSecond: 0.001 } } });
    using grpc = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    async function* ask() {
      for (let i = 0; i < 5; i++) yield* listServices();
    }
    let answers = 0;
    const read = async () => {
      const client = createClient(service as typeof ServerReflection, grpc);
      for await (const { messageResponse } of client.serverReflectionInfo(ask()))
        answers += messageResponse.case === 'listServicesResponse' ? 1 : 0;
    };
    await expect(read()).rejects.toThrow(/resource_exhausted.*too often/);
    expect(answers).toBe(3);
  });

  it('B3: allow fewer streams in both directions, whose answers are large', () => {
    const limits = new PublicCallLimits({ bidiConcurrency: 1 });
    expect(limits.enter('a', '10.0.0.1:1', true)).toBeTypeOf('function');
    expect(limits.enter('a', '10.0.0.2:1', true)).toMatchObject({ limit: 'concurrency' });
    expect(limits.enter('b', '10.0.0.2:1')).toBeTypeOf('function');
  });

  it('B3: count a stream while it is open', async () => {
    await using test = await openServers({ ingress: { publicCalls: { concurrency: 1 } } });
    using grpc = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    const health = createClient(Health, grpc);
    const leaving = new AbortController();
    const watch = health.watch({}, { signal: leaving.signal })[Symbol.asyncIterator]();
    await watch.next();
    await expect(first(health.watch({}))).rejects.toThrow(/resource_exhausted/);
    leaving.abort();
    await expect.poll(() => first(health.watch({})).then(() => 'served', String)).toBe('served');
  });
});
