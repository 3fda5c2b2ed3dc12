import { createUserClient, type UserClient, type UserClientOptions } from '@rollcall/user-client';
import type { World } from '../../world/world.ts';

/** Longer than any run, so that nothing that is remembered is asked for again. */
export const NEVER_STALE_MS = 60 * 60 * 1000;
/** Deadline in ms of every call: nothing here is to fail because the machine is busy. */
export const TIMEOUT_MS = 30_000;
/** What is remembered is bounded by the number of users alone, as it is for the peers. */
export const NO_BOUND_BYTES = 2 ** 40;
const IDS_PER_CALL = 5_000;

/** A client of the world's tenant that remembers what it has read for as long as a run takes. */
export async function openClient(
  world: World,
  options: Partial<UserClientOptions> = {},
): Promise<UserClient> {
  const { tenantId } = world;
  const address = options.address ?? (await world.auth()).address;
  const defaults = { ttlMs: NEVER_STALE_MS, timeoutMs: TIMEOUT_MS, maxBytes: NO_BOUND_BYTES };
  return createUserClient({ address, tenantId, ...defaults, ...options });
}

/** Lets the client read all these users, the last ones last. */
export async function fill(client: UserClient, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_CALL) {
    await client.getUsers(ids.slice(at, at + IDS_PER_CALL));
  }
}
