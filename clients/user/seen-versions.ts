import { LRUCache } from 'lru-cache';

/** The highest version of a user that is known to exist. */
export interface SeenFloor {
  readonly version: bigint;
  /** Point on the client's clock at which that was known. */
  readonly seenAtMs: number;
}

/** What is known of an id in one tenant, and in the others that have the same id. */
interface Link extends SeenFloor {
  readonly tenantId: string;
  readonly next: Link | undefined;
}

/**
 * Versions that are known to exist of users that are not in memory: told by the change feed, answered, or held before they
 * were evicted; never merely claimed by a caller. An answer below them is not current. Bounded: the id longest not heard of is forgotten first, and for
 * that id an older answer could then pass, which only a service that goes back in time gives.
 */
export class SeenVersions {
  /** By id alone: making a key with the tenant in it would cost each eviction more than all the rest. */
  readonly #byId: LRUCache<string, Link>;

  constructor(maxEntries: number) {
    this.#byId = new LRUCache({ max: maxEntries });
  }

  get(tenantId: string, id: string): SeenFloor | undefined {
    if (this.#byId.size === 0) return undefined;
    let link = this.#byId.get(id);
    while (link !== undefined && link.tenantId !== tenantId) link = link.next;
    return link;
  }

  /** Remembers the version unless a higher one is remembered. */
  raise(tenantId: string, id: string, { version, seenAtMs }: SeenFloor): void {
    const known = this.get(tenantId, id);
    if (known !== undefined && known.version >= version) return;
    this.#byId.set(id, { tenantId, version, seenAtMs, next: this.#others(tenantId, id) });
  }

  /** Forgets it: the user itself is in memory now, and says as much. */
  delete(tenantId: string, id: string): void {
    if (this.get(tenantId, id) === undefined) return;
    const others = this.#others(tenantId, id);
    if (others === undefined) this.#byId.delete(id);
    else this.#byId.set(id, others);
  }

  clear(): void {
    this.#byId.clear();
  }

  /** Ids of which a version is remembered. */
  get size(): number {
    return this.#byId.size;
  }

  #others(tenantId: string, id: string): Link | undefined {
    let others: Link | undefined;
    for (let link = this.#byId.peek(id); link !== undefined; link = link.next)
      if (link.tenantId !== tenantId) others = { ...link, next: others };
    return others;
  }
}
