import { LRUCache } from 'lru-cache';

/** The highest version of a user that is known to exist. */
export interface KnownVersion {
  readonly version: bigint;
  /** Point on the client's clock at which the version became known, in ms. */
  readonly seenAtMs: number;
}

/** The known version in one tenant, linked to those of other tenants with the same user id. */
interface VersionLink extends KnownVersion {
  readonly tenantId: string;
  readonly era: number;
  readonly next: VersionLink | undefined;
}

/** One object for all calls: without options lru-cache creates one per call. */
const NO_OPTIONS = {};
/** Spares lru-cache the look for a time to live, which nothing here has. */
const LOOK = { allowStale: true };

/**
 * Known versions of users that are not in memory. Bounded: the version that was used longest ago is evicted
 * first. A version counts in one era of the service's database only.
 */
export class KnownVersions {
  readonly #byId: LRUCache<string, VersionLink>;
  #era = 0;

  constructor(maxVersions: number) {
    this.#byId = new LRUCache({ max: maxVersions });
  }

  /** The number of eras that have ended. */
  get era(): number {
    return this.#era;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Ends the era: no version that is known now counts any longer. */
  beginEra(): void {
    this.#era += 1;
  }

  get(tenantId: string, id: string): KnownVersion | undefined {
    const link = this.#byId.size === 0 ? undefined : linkOf(this.#byId.peek(id, LOOK), tenantId);
    return link?.era === this.#era ? link : undefined;
  }

  /** Remembers the version, unless a higher one is remembered. */
  raise(tenantId: string, id: string, { version, seenAtMs }: KnownVersion): void {
    const first = this.#byId.size === 0 ? undefined : this.#byId.get(id, LOOK);
    const known = linkOf(first, tenantId);
    if (known !== undefined && known.era === this.#era && known.version >= version) return;
    const next = known === undefined ? first : without(first, tenantId);
    this.#byId.set(id, { tenantId, version, seenAtMs, era: this.#era, next }, NO_OPTIONS);
  }

  delete(tenantId: string, id: string): void {
    const first = this.#byId.size === 0 ? undefined : this.#byId.peek(id, LOOK);
    if (linkOf(first, tenantId) === undefined) return;
    const others = without(first, tenantId);
    if (others === undefined) this.#byId.delete(id);
    else this.#byId.set(id, others, NO_OPTIONS);
  }

  clear(): void {
    this.#byId.clear();
  }
}

function linkOf(first: VersionLink | undefined, tenantId: string): VersionLink | undefined {
  let link = first;
  while (link !== undefined && link.tenantId !== tenantId) link = link.next;
  return link;
}

function without(first: VersionLink | undefined, tenantId: string): VersionLink | undefined {
  let others: VersionLink | undefined;
  for (let link = first; link !== undefined; link = link.next)
    if (link.tenantId !== tenantId) others = { ...link, next: others };
  return others;
}
