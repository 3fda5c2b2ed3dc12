import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { UserService, UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { publish } from './diagnostics.ts';
import { createUserClient, DIAGNOSTIC_CHANNELS, type DiagnosticChannel, type UserClient } from './index.ts';
import { MapUserService } from './testing/map-user-service.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()] as const;
const outage = new ConnectError('away', Code.Unavailable);

let opened: AsyncDisposableStack;
let service: MapUserService;
let users: UserClient;
let nowMs: number;

beforeEach(() => {
  opened = new AsyncDisposableStack();
  service = new MapUserService();
  nowMs = 0;
  service.put('acme', ANN);
  service.put('acme', BEN);
  users = open({ resetTimeoutMs: 20 });
});
afterEach(() => opened.disposeAsync());

function open({ resetTimeoutMs }: { resetTimeoutMs: number }): UserClient {
  return opened.use(
    createUserClient({
      transport: createRouterTransport((router) => router.service(UserService, service)),
      tenantId: 'acme',
      clock: () => nowMs,
      breaker: { volumeThreshold: 1, resetTimeoutMs },
    }),
  );
}

/** What is said on a channel from now on. */
function listen(name: DiagnosticChannel): unknown[] {
  const heard: unknown[] = [];
  const hear = (message: unknown) => void heard.push(message);
  subscribe(name, hear);
  opened.defer(() => void unsubscribe(name, hear));
  return heard;
}

describe('the channels', () => {
  it('tell of a batch as it leaves and as it is answered', async () => {
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

  it('tell of a read with stale answers', async () => {
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

  it('tell of single answers from before an outage, which are given at once', async () => {
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

  it('tell of the breaker, tripped and whole again', async () => {
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

  it('have their messages made only where somebody listens', () => {
    const toMessage = vi.fn(() => ({ tenantIds: ['acme'] }));
    publish('rollcall:user-client:feed:live', toMessage);
    expect(toMessage).not.toHaveBeenCalled();
    const live = listen('rollcall:user-client:feed:live');
    publish('rollcall:user-client:feed:live', toMessage);
    expect(live).toEqual([{ tenantIds: ['acme'] }]);
  });

  it('stand in the README, all of them', async () => {
    const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
    const told = [...readme.matchAll(/`(rollcall:user-client:[a-z:]+)`/g)].map(([, name]) => name);
    expect(told).toEqual(DIAGNOSTIC_CHANNELS);
  });
});
