import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldColumn, HeldUsers } from './held-users.ts';
import { type LookUpOptions, lookUpUsers, MAX_IDS } from './look-up-users.ts';

/** What checking works with. */
export interface CheckOptions extends LookUpOptions {
  readonly held: HeldUsers;
  readonly columns: readonly HeldColumn[];
}

/** What the owner answers holds all that was committed half a second before: after this many ms, all that the cursor left out. */
export const ANSWER_LAG_MS = 1000;

const FIRST = '00000000-0000-0000-0000-000000000000';

/**
 * Looks up all users that the service holds of these tenants, and all that were merged as far as is known. Whatever changes
 * after the cursor from which the feed will be followed may be missed, and nothing else.
 */
export async function checkTenants(tenantIds: readonly string[], options: CheckOptions): Promise<void> {
  const { held, store, columns, signal } = options;
  await sleep(ANSWER_LAG_MS, undefined, { signal });
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
  for (let ids = await idsAfter(FIRST); ids.length > 0; ids = await idsAfter(ids.at(-1) as string)) {
    await lookUpUsers(tenantId, new Map(ids.map((id) => [id, 0n])), options);
  }
}
