import type { User, UserView } from './user.ts';
import type { UserReads } from './user-reads.ts';

/** The most ids of one reading: what a batch may ask for. */
const MOST_IDS = 500;

interface Gathering {
  readonly tenantId: string;
  readonly view: UserView;
  readonly ids: string[];
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
    // Behind all that this turn of the loop read from sockets, which is where callers come from.
    const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (open.get(key) === gathering) open.delete(key);
      return ids.length === 1
        ? readOne(tenantId, ids[0] as string, view)
        : next.findMany(tenantId, ids, view);
    });
    const gathering = { tenantId, view, ids, found };
    open.set(key, gathering);
    return gathering;
  }

  async function readOne(
    tenantId: string,
    id: string,
    view: UserView,
  ): Promise<readonly (User | undefined)[]> {
    return [await next.find(tenantId, id, view)];
  }

  return {
    ...next,
    async find(tenantId, id, view) {
      const known = open.get(`${tenantId}/${view}`);
      const gathering = known && known.ids.length < MOST_IDS ? known : begin(tenantId, view);
      const at = gathering.ids.push(id) - 1;
      return (await gathering.found)[at];
    },
  };
}
