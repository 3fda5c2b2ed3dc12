import { setTimeout as sleep } from 'node:timers/promises';
import { type UserService, UserView } from '@rollcall/contract/user';
import type { ServiceClient } from '@rollcall/transport';
import type { StoredUsers, UserColumn } from './stored-users.ts';
import type { AliasStore } from './user-aliases.ts';

/** Calls of UserService that remember nothing. */
export type UncachedUsers = Pick<ServiceClient<typeof UserService>, 'batchGetUsers' | 'watchUsers'>;

/** Most ids of one call, as the contract has it. */
const MAX_IDS = 500;

/** What looking up works with. */
export interface LookUpOptions {
  readonly users: UncachedUsers;
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

/** What checking works with. */
interface LookUpTenantsOptions extends LookUpOptions {
  readonly held: StoredUsers;
  readonly columns: readonly UserColumn[];
}

/** What the owner answers holds all that was committed half a second before: after this many ms, all that the cursor left out. */
export const READ_LAG_MS = 1000;

const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';

/**
 * Looks up all users that the service holds of these tenants, and all that were merged as far as is known. Whatever changes
 * after the cursor from which the feed will be followed may be missed, and nothing else.
 */
export async function lookUpTenants(
  tenantIds: readonly string[],
  options: LookUpTenantsOptions,
): Promise<void> {
  const { held, store, columns, signal } = options;
  await sleep(READ_LAG_MS, undefined, { signal });
  for (const tenantId of tenantIds) {
    const sources = [
      (after: string) => store.aliasesAfter(tenantId, after, MAX_IDS),
      ...columns.map(
        (column) => (after: string) => held.idsAfter(column, { tenantId, after, limit: MAX_IDS }),
      ),
    ];
    for (const idsAfter of sources) await checkPages(tenantId, idsAfter, options);
  }
}

async function checkPages(
  tenantId: string,
  idsAfter: (after: string) => Promise<string[]>,
  options: LookUpOptions,
): Promise<void> {
  for (let ids = await idsAfter(BEFORE_ALL_IDS); ids.length > 0; ids = await idsAfter(ids.at(-1) as string)) {
    await lookUpUsers(tenantId, new Map(ids.map((id) => [id, 0n])), options);
  }
}
