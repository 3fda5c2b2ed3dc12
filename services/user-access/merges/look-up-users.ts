import { type UserService, UserView } from '@rollcall/contract/user';
import type { ServiceClient } from '@rollcall/transport';
import type { AliasStore } from './alias-store.ts';

/** Calls of UserService that remember nothing. */
export type FreshUsers = Pick<ServiceClient<typeof UserService>, 'batchGetUsers' | 'watchUsers'>;

/** Most ids of one call, as the contract has it. */
export const MAX_IDS = 500;

/** What looking up works with. */
export interface LookUpOptions {
  readonly users: FreshUsers;
  readonly store: AliasStore;
  readonly signal: AbortSignal;
}

/**
 * Asks the owner who answers for these users, and for those for whom one of them answered so far, and writes it down.
 * @param versions lowest versions to accept, by id
 */
export async function lookUpUsers(
  tenantId: string,
  versions: ReadonlyMap<string, bigint>,
  { users, store, signal }: LookUpOptions,
): Promise<void> {
  const ids = [...new Set([...versions.keys(), ...(await store.aliasesOf(tenantId, [...versions.keys()]))])];
  for (let at = 0; at < ids.length; at += MAX_IDS) {
    const asked = ids.slice(at, at + MAX_IDS);
    const minVersions = Object.fromEntries(
      asked.flatMap((id) => (versions.get(id) ? [[id, versions.get(id) as bigint]] : [])),
    );
    const request = { tenantId, ids: asked, view: UserView.REFERENCE, minVersions };
    const { outcomes } = await users.batchGetUsers(request, { signal, timeoutMs: LOOK_UP_TIMEOUT_MS });
    const answers = outcomes.map(({ id, outcome }) => ({
      id,
      survivorId: outcome.case === 'user' ? outcome.value.id : id,
    }));
    await store.write(tenantId, answers);
  }
}

const LOOK_UP_TIMEOUT_MS = 5000;
