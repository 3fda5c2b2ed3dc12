import { type User, UserService, UserView } from '@rollcall/contract/user';
import { createServiceClient } from '@rollcall/transport';
import type { World } from '../../world/world.ts';
import { TIMEOUT_MS } from './open-client.ts';

/** The batch call as a peer would make it: the same RPC over the same transport, and nothing around it. */
export interface UserFetcher extends Disposable {
  /** Users in the order of the ids, 500 at most. Rejects where one is missing. */
  fetch(ids: readonly string[]): Promise<User[]>;
}

/** Opens a connection of its own to the auth service. */
export async function openFetcher(world: World): Promise<UserFetcher> {
  const { address } = await world.auth();
  return createFetcher(address, world.tenantId);
}

/** The same where the address is known. */
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
