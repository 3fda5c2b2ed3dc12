import { LRUCache } from 'lru-cache';

/** The highest version of a user that is known to exist. */
export interface SeenFloor {
  readonly version: bigint;
  /** Point on the client's clock at which that was known. */
  readonly seenAtMs: number;
}

/**
 * Versions that are known to exist of users that are not in memory: told by the change feed, answered, or held before they
 * were evicted; never merely claimed by a caller. An answer below them is not current. Bounded: the id longest not heard of is forgotten first, and for
 * that id an older answer could then pass, which only a service that goes back in time gives.
 */
export class SeenVersions {
  readonly #floors: LRUCache<string, SeenFloor>;

  constructor(maxEntries: number) {
    this.#floors = new LRUCache({ max: maxEntries });
  }

  get(tenantId: string, id: string): SeenFloor | undefined {
    return this.#floors.size === 0 ? undefined : this.#floors.get(toKey(tenantId, id));
  }

  /** Remembers the version unless a higher one is remembered. */
  raise(tenantId: string, id: string, floor: SeenFloor): void {
    const key = toKey(tenantId, id);
    const known = this.#floors.get(key);
    if (known === undefined || known.version < floor.version) this.#floors.set(key, floor);
  }

  /** Forgets it: the user itself is in memory now, and says as much. */
  delete(tenantId: string, id: string): void {
    if (this.#floors.size > 0) this.#floors.delete(toKey(tenantId, id));
  }

  clear(): void {
    this.#floors.clear();
  }

  get size(): number {
    return this.#floors.size;
  }
}

/** Tenant ids hold no slash, so two tenants never share a key. */
function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}
