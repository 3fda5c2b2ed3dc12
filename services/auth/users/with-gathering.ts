import type { User, UserView } from './user.ts';
import type { UserReads } from './user-reads.ts';

/** The most ids of one reading: what a batch may ask for. */
const MOST_IDS = 500;

interface Gathering {
  readonly tenantId: string;
  readonly view: UserView;
  readonly ids: string[];
  readonly minVersions: Map<string, bigint>;
  readonly found: Promise<readonly (User | undefined)[]>;
}

/**
 * Reads one user each for callers who come together by one reading for all of them: a statement costs much, an id in it
 * little. Those of one turn of the event loop are together, so that nobody waits for others to come; one alone stays one.
 */
export function withGathering(next: UserReads): UserReads {
  const open = new Map<string, Gathering>();

  function begin(tenantId: string, view: UserView): Gathering {
    const key = `${tenantId}/${view}`;
    const ids: string[] = [];
    const minVersions = new Map<string, bigint>();
    // Behind all that this turn of the loop read from sockets, which is where callers come from.
    const found: Gathering['found'] = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (open.get(key) === gathering) open.delete(key);
      return ids.length === 1
        ? readOne(gathering, ids[0] as string)
        : next.findMany(tenantId, ids, view, minVersions);
    });
    const gathering: Gathering = { tenantId, view, ids, minVersions, found };
    open.set(key, gathering);
    return gathering;
  }

  async function readOne(
    { tenantId, view, minVersions }: Omit<Gathering, 'found'>,
    id: string,
  ): Promise<readonly (User | undefined)[]> {
    return [await next.find(tenantId, id, view, minVersions.get(id))];
  }

  return {
    ...next,
    async find(tenantId, id, view, minVersion = 0n) {
      const known = open.get(`${tenantId}/${view}`);
      const gathering = known && known.ids.length < MOST_IDS ? known : begin(tenantId, view);
      const { ids, minVersions } = gathering;
      const at = ids.push(id) - 1;
      if (minVersion > (minVersions.get(id) ?? 0n)) minVersions.set(id, minVersion);
      return (await gathering.found)[at];
    },
  };
}
