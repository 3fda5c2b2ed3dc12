import { UserService } from '@rollcall/contract/user';
import { openTransport } from '@rollcall/transport';
import { type BreakerState, createBreaker } from './breaker.ts';
import { toSettings } from './check-options.ts';
import { type ClientCounters, createCounters } from './counters.ts';
import { toTenantId } from './ids.ts';
import { createRemoteUserReader } from './remote-user-reader.ts';
import { type TenantUserClient, TenantUsers } from './tenant-user-client.ts';
import { UserCache } from './user-cache.ts';
import type { UserClientOptions } from './user-client-options.ts';
import { withBatching } from './with-batching.ts';
import { withBreaker } from './with-breaker.ts';
import { withCache } from './with-cache.ts';
import { withHedging } from './with-hedging.ts';

/** What the client did, and holds. */
export interface UserClientStats extends Readonly<ClientCounters> {
  /** Users in memory, of all tenants and views. */
  readonly entries: number;
  /** Missing ids in memory. */
  readonly missingEntries: number;
  /** Whether the service is being asked. */
  readonly breaker: BreakerState;
}

/** A client of the user service. Its own methods ask about the `tenantId` of the options. */
export interface UserClient extends TenantUserClient, AsyncDisposable {
  /** The same client for another tenant: memory, batches, breaker and connections are shared, answers never. Cheap. */
  forTenant(tenantId: string): TenantUserClient;
  /** Counters since the client was made, and what it holds now. */
  stats(): UserClientStats;
  /** Ends open calls with UserClientClosedError, forgets everything and closes what it opened. Again: nothing. */
  close(): Promise<void>;
}

/**
 * Makes the client that stands in for a users table; one per process. Nothing is sent before the first read.
 * Throws UserClientOptionError or TransportOptionError, each naming the option.
 */
export function createUserClient(options: UserClientOptions): UserClient {
  const settings = toSettings(options);
  const { tenantId, clock = () => performance.now() } = options;
  if (tenantId !== undefined) toTenantId(tenantId);
  const counters = createCounters();
  const cache = new UserCache(settings);
  const connection = openTransport(options, [UserService]);
  const breaker = createBreaker(options.breaker);

  const remote = createRemoteUserReader(connection.transport, clock);
  const hedged = withHedging(remote, settings);
  const guarded = withBreaker(hedged, breaker);
  const batched = withBatching(guarded, settings, counters);
  const cached = withCache(batched, cache, { options: settings, clock, counters });

  let isClosed = false;
  const layers = { settings, counters, clock, breaker, resolver: remote, cached, isClosed: () => isClosed };
  const close = async () => {
    isClosed = true;
    connection.close();
    breaker.close();
    cache.clear();
  };
  return Object.assign(new TenantUsers(layers, tenantId), {
    forTenant: (other: string) => new TenantUsers(layers, toTenantId(other)),
    stats: () => ({ ...counters, ...cache.size, breaker: breaker.state }),
    close,
    [Symbol.asyncDispose]: close,
  });
}
