import type { User, UserView } from '../user.ts';
import type { UserReads } from './user-reads.ts';

/**
 * Maximum number of ids in one coalesced read. With 300 or more, batches of 100 were slower than separate
 * reads (`npm run bench -- server --case batch-postgres`).
 */
const MAX_IDS = 200;

interface CoalescedRead {
  readonly ids: string[];
  readonly minVersions: Map<string, bigint>;
  readonly found: Promise<readonly (User | undefined)[]>;
}

/**
 * Coalesces concurrent reads of users into one statement, because a statement costs much and another id
 * little.
 * Only calls from one turn of the event loop are coalesced, so that no call waits for others. A single call
 * stays a single read.
 */
export function withRequestCoalescing(next: UserReads): UserReads {
  const open = new Map<string, CoalescedRead>();

  function begin(tenantId: string, view: UserView): CoalescedRead {
    const key = `${tenantId}/${view}`;
    const ids: string[] = [];
    const minVersions = new Map<string, bigint>();
    // Runs after the event loop has read all sockets, from which the calls come.
    const found: CoalescedRead['found'] = new Promise<void>((resolve) => setImmediate(resolve)).then(
      async () => {
        if (open.get(key) === read) open.delete(key);
        const [id = ''] = ids;
        return ids.length === 1
          ? [await next.find(tenantId, id, view, minVersions.get(id))]
          : next.findMany(tenantId, ids, view, minVersions);
      },
    );
    const read: CoalescedRead = { ids, minVersions, found };
    open.set(key, read);
    return read;
  }

  /** Adds ids to a read and returns their offset in it. */
  function join(
    { tenantId, view, some }: { tenantId: string; view: UserView; some: readonly string[] },
    minimums: Iterable<readonly [string, bigint]>,
  ): { readonly read: CoalescedRead; readonly at: number } {
    const known = open.get(`${tenantId}/${view}`);
    const fits = known !== undefined && known.ids.length + some.length <= MAX_IDS;
    const read = fits ? known : begin(tenantId, view);
    const { ids, minVersions } = read;
    const at = ids.length;
    for (const id of some) ids.push(id);
    for (const [id, version] of minimums) {
      if (version > (minVersions.get(id) ?? 0n)) minVersions.set(id, version);
    }
    return { read, at };
  }

  return {
    ...next,
    async find(tenantId, id, view, minVersion = 0n) {
      const { read, at } = join({ tenantId, view, some: [id] }, [[id, minVersion]]);
      return (await read.found)[at];
    },
    async findMany(tenantId, some, view, minVersions = NONE) {
      const { read, at } = join({ tenantId, view, some }, minVersions);
      const found = await read.found;
      return found.length === some.length ? found : found.slice(at, at + some.length);
    },
  };
}

const NONE: ReadonlyMap<string, bigint> = new Map();
