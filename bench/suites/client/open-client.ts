import { type User, UserService, UserView } from '@rollcall/contract/user';
import { createServiceClient } from '@rollcall/transport';
import { createUserClient, type UserClient, type UserClientOptions } from '@rollcall/user-client';
import type { World } from '../../world/world.ts';

/** A `ttlMs` longer than any run, so that no cached user is read again. */
export const NEVER_STALE_MS = 60 * 60 * 1000;
/** Deadline of every call, in milliseconds. Long, so that no call fails because the machine is busy. */
export const TIMEOUT_MS = 30_000;
/** A `maxBytes` that never evicts: the number of users alone bounds the cache, as it does for the peers. */
export const NO_BOUND_BYTES = 2 ** 40;
const IDS_PER_CALL = 5_000;

/** Opens a client of the world's tenant that keeps users in its cache for the whole run. */
export async function openClient(
  world: World,
  options: Partial<UserClientOptions> = {},
): Promise<UserClient> {
  const { tenantId } = world;
  const address = options.address ?? (await world.auth()).address;
  const defaults = { ttlMs: NEVER_STALE_MS, timeoutMs: TIMEOUT_MS, maxBytes: NO_BOUND_BYTES };
  return createUserClient({ address, tenantId, ...defaults, ...options });
}

/** Reads users into the client's cache, in the order of the ids. */
export async function fill(client: UserClient, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_CALL) {
    await client.getUsers(ids.slice(at, at + IDS_PER_CALL));
  }
}

/** Calls BatchGetUsers over our transport with nothing around it, as a peer would. */
export interface UserFetcher extends Disposable {
  /** Users in the order of the ids, at most 500. Rejects when one is missing. */
  fetch(ids: readonly string[]): Promise<User[]>;
}

/** Opens a connection to the world's auth service. */
export async function openFetcher(world: World): Promise<UserFetcher> {
  const { address } = await world.auth();
  return createFetcher(address, world.tenantId);
}

/** Opens a connection to a known address. */
export function createFetcher(address: string, tenantId: string): UserFetcher {
  const users = createServiceClient(UserService, { address, defaultTimeoutMs: TIMEOUT_MS });
  return {
    async fetch(ids) {
      const { outcomes } = await users.batchGetUsers({ tenantId, ids: [...ids], view: UserView.REFERENCE });
      return outcomes.map(({ id, outcome }) => {
        if (outcome.case !== 'user') throw new Error(`user ${id} is ${outcome.case}`);
        return outcome.value;
      });
    },
    [Symbol.dispose]: () => users.close(),
  };
}
