import type { User, UserView } from '../user.ts';
import type { UserReads } from './user-reads.ts';

/** The most ids that are gathered: with 300 or more, batches of 100 came out slower than each by itself (`npm run bench -- server --case batch-postgres`). */
const MOST_IDS = 200;

interface Gathering {
  readonly ids: string[];
  readonly minVersions: Map<string, bigint>;
  readonly found: Promise<readonly (User | undefined)[]>;
}

/**
 * Reads users for callers who come together by one reading for all of them: a statement costs much, an id in it little.
 * Those of one turn of the event loop are together, so that nobody waits for others to come; one alone stays one.
 */
export function withGathering(next: UserReads): UserReads {
  const open = new Map<string, Gathering>();

  function begin(tenantId: string, view: UserView): Gathering {
    const key = `${tenantId}/${view}`;
    const ids: string[] = [];
    const minVersions = new Map<string, bigint>();
    // Behind all that this turn of the loop read from sockets, which is where callers come from.
    const found: Gathering['found'] = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      if (open.get(key) === gathering) open.delete(key);
      const [id = ''] = ids;
      return ids.length === 1
        ? [await next.find(tenantId, id, view, minVersions.get(id))]
        : next.findMany(tenantId, ids, view, minVersions);
    });
    const gathering: Gathering = { ids, minVersions, found };
    open.set(key, gathering);
    return gathering;
  }

  /** Puts ids into a reading, and answers where they stand in it. */
  function join(
    { tenantId, view, some }: { tenantId: string; view: UserView; some: readonly string[] },
    minimums: Iterable<readonly [string, bigint]>,
  ): { readonly gathering: Gathering; readonly at: number } {
    const known = open.get(`${tenantId}/${view}`);
    const fits = known !== undefined && known.ids.length + some.length <= MOST_IDS;
    const gathering = fits ? known : begin(tenantId, view);
    const { ids, minVersions } = gathering;
    const at = ids.length;
    for (const id of some) ids.push(id);
    for (const [id, version] of minimums) {
      if (version > (minVersions.get(id) ?? 0n)) minVersions.set(id, version);
    }
    return { gathering, at };
  }

  return {
    ...next,
    async find(tenantId, id, view, minVersion = 0n) {
      const { gathering, at } = join({ tenantId, view, some: [id] }, [[id, minVersion]]);
      return (await gathering.found)[at];
    },
    async findMany(tenantId, some, view, minVersions = NONE) {
      const { gathering, at } = join({ tenantId, view, some }, minVersions);
      const found = await gathering.found;
      return found.length === some.length ? found : found.slice(at, at + some.length);
    },
  };
}

const NONE: ReadonlyMap<string, bigint> = new Map();
