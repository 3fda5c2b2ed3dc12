import { setTimeout as sleep } from 'node:timers/promises';
import { type UserService, UserView } from '@rollcall/contract/user';
import type { ServiceClient } from '@rollcall/transport';
import type { StoredUsers, UserColumn } from './stored-users.ts';
import type { AliasStore } from './user-aliases.ts';

/** The calls of UserService that bypass the cache. */
export type UncachedUsers = Pick<ServiceClient<typeof UserService>, 'batchGetUsers' | 'watchUsers'>;

/** The contract's limit of ids a call. */
const MAX_IDS = 500;

export interface LookUpOptions {
  readonly users: UncachedUsers;
  readonly store: AliasStore;
  readonly signal: AbortSignal;
}

/**
 * Asks the user service for the survivors of these users and of their known aliases, and stores them.
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

interface LookUpTenantsOptions extends LookUpOptions {
  readonly stored: StoredUsers;
  readonly columns: readonly UserColumn[];
}

/**
 * Reads may lag a commit by half a second. After this time, a read holds every change from before the cursor.
 * Milliseconds.
 */
export const READ_LAG_MS = 1000;

const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';

/**
 * Looks up all users and all known aliases of these tenants. A change from after the cursor may be missed;
 * the feed then reports it.
 */
export async function lookUpTenants(
  tenantIds: readonly string[],
  options: LookUpTenantsOptions,
): Promise<void> {
  const { stored, store, columns, signal } = options;
  await sleep(READ_LAG_MS, undefined, { signal });
  for (const tenantId of tenantIds) {
    const sources = [
      (after: string) => store.aliasesAfter(tenantId, after, MAX_IDS),
      ...columns.map(
        (column) => (after: string) => stored.idsAfter(column, { tenantId, after, limit: MAX_IDS }),
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
