import { LRUCache } from 'lru-cache';
import type { CachedUser } from '../../model/cached-user.ts';
import { ownText } from '../../model/detach-string.ts';
import { estimateBytes } from '../../model/estimate-bytes.ts';
import type { UserScope } from '../../model/user-reader.ts';
import { MergedIds } from './merged-ids.ts';
import { knownThrough, noteChange, noteSurvivorChange, type SeenChange } from './touched-views.ts';
import type { SharedScope, UserEntry } from './user-entry.ts';

/** How much is remembered. */
export interface UserMemoryOptions {
  maxEntries: number;
  maxBytes: number;
  maxSeenVersions: number;
}

/** The highest version of a user that is known to exist. */
export interface SeenFloor {
  readonly version: bigint;
  /** Point on the client's clock at which that was known. */
  readonly seenAtMs: number;
}

/** A floor in one tenant, and those in the others that have the same id. */
interface FloorLink extends SeenFloor {
  readonly tenantId: string;
  readonly era: number;
  readonly next: FloorLink | undefined;
}

/** Of a whole turn of the memory: by how much an entry may be taken for less recently used than it is. */
const EPOCHS_PER_TURN = 16;
/** One for all, in place of one that lru-cache makes at each call. */
const PLAIN = {};
/** The same to look something up: nothing has a time to live, so that lru-cache need not look for one. */
const LOOK = { allowStale: true };

/**
 * The users in memory, and the versions that are known to exist of users that are not: told by the change feed, answered, or
 * held before they were evicted; never merely claimed by a caller. All that is known of an id stands in one chain, which is
 * found by the caller's own string without building a key. Both are bounded. A chain leaves as a whole, the one used longest ago
 * first; for an id whose version is forgotten an older answer could pass, which only a service that goes back in time gives.
 *
 * Versions are compared within one era of the service's database only. What was read in an earlier one is held for an outage.
 */
export class UserMemory {
  readonly #held: LRUCache<string, UserEntry>;
  readonly #seen: LRUCache<string, FloorLink>;
  readonly #maxBytes: number;
  readonly #scopes = new Map<string, SharedScope[]>();
  #era = 0;
  #comparableFromEra = 0;
  readonly #mergedIds = new MergedIds();
  readonly #putsPerEpoch: number;
  /** Counts sixteenths of the memory that came new. A hit says so to lru-cache in each of them once: moving costs more than finding. */
  #epoch = 0;
  #putsLeft: number;
  /** Counted here: lru-cache would have to be told at each change of a chain, and ask for the size of each. */
  #bytes = 0;

  constructor({ maxEntries, maxBytes, maxSeenVersions }: UserMemoryOptions) {
    this.#maxBytes = maxBytes;
    this.#putsPerEpoch = Math.ceil(maxEntries / EPOCHS_PER_TURN);
    this.#putsLeft = this.#putsPerEpoch;
    this.#seen = new LRUCache({ max: maxSeenVersions });
    this.#held = new LRUCache({
      max: maxEntries,
      noDisposeOnSet: true,
      dispose: (head, id, reason) => {
        if (reason === 'evict') this.#leave(id, head);
      },
    });
  }

  /** The entry, which now counts as used. */
  use(scope: UserScope, id: string): UserEntry | undefined {
    const head = this.#held.peek(id, LOOK);
    if (head !== undefined && head.usedIn !== this.#epoch) this.#touch(id, head);
    for (let entry = head; entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** The first of all entries of an id, of every tenant, without using it. */
  first(id: string): UserEntry | undefined {
    return this.#held.peek(id, LOOK);
  }

  /** Lets nothing bind any more that is known up to now. */
  unbind(): void {
    this.#era += 1;
    this.#scopes.clear();
  }

  /** `unbind`, and a version that is held need not have the content any more that it had. */
  beginEra(): void {
    this.unbind();
    this.#comparableFromEra = this.#era;
  }

  /** Whether the entry's version still has its content, as far as is known. */
  isComparable({ scope }: UserEntry): boolean {
    return scope.era >= this.#comparableFromEra;
  }

  /** Whether the entry is of this era, so that its version binds. */
  isCurrent({ scope }: UserEntry): boolean {
    return scope.era === this.#era;
  }

  /** The version remembered of an id. Undefined: none is, or the user is in memory. */
  floor(tenantId: string, id: string): SeenFloor | undefined {
    const link = this.#seen.size === 0 ? undefined : linkOf(this.#seen.peek(id, LOOK), tenantId);
    return link?.era === this.#era ? link : undefined;
  }

  /** Forgets the version remembered of an id. */
  lower(tenantId: string, id: string): void {
    this.#unsee(tenantId, id);
  }

  /**
   * Adds an entry, and keeps of the id's others in this tenant those of other views that are known up to the same version. Of
   * another user, on the other side of a merge, the version is remembered: what it was may be answered again.
   */
  put(scope: UserScope, id: string, cached: CachedUser): void {
    const { user, readAtMs, dueVersion } = cached;
    const { tenantId, view } = scope;
    const isMerged = user.id !== id;
    // The id inside the user is the same text: with it as key, one string less is kept, and none of the caller.
    const key = isMerged ? ownText(id) : user.id;
    const held = this.#held.peek(key, LOOK);
    const next =
      held &&
      this.#rest(key, held, (entry) => {
        const { scope: of, user: other, readAtMs: seenAtMs } = entry;
        if (of.tenantId !== tenantId) return true;
        if (!this.isComparable(entry)) return false;
        const version = knownThrough(entry);
        if (other.id === user.id) return of.view !== view && version === knownThrough(cached);
        if (this.isCurrent(entry)) this.raise(tenantId, other.id, { version, seenAtMs });
        return false;
      });
    if (isMerged) this.#mergedIds.add(key, user.id);
    else this.#unsee(tenantId, key);
    const bytes = estimateBytes(user);
    const head: UserEntry = {
      user,
      readAtMs,
      dueVersion,
      scope: this.#toShared(scope, isMerged),
      next,
      bytes,
      usedIn: this.#epoch,
    };
    this.#bytes += bytes;
    this.#held.set(key, head, PLAIN);
    // What is larger than the whole memory is not kept at all.
    if (bytes > this.#maxBytes) {
      this.#held.delete(key);
      this.#leave(key, head);
    }
    while (this.#bytes > this.#maxBytes) this.#held.pop();
    this.#putsLeft -= 1;
    if (this.#putsLeft > 0) return;
    this.#putsLeft = this.#putsPerEpoch;
    this.#epoch += 1;
  }

  /**
   * Notes a change of a user in its entries, and forgets those that it outdates. Entries of ids that were merged into the user stay
   * there when they are outdated: they say who answered last. Answers how many entries were raised to the change's version.
   */
  change(tenantId: string, id: string, change: SeenChange): number {
    const head = this.#held.peek(id, LOOK);
    let raised = 0;
    let isOutdated = false;
    for (let entry = head; entry !== undefined; entry = entry.next) {
      if (entry.scope.tenantId !== tenantId) continue;
      // The id's own change, while another user is shown for it: it may not be merged any more.
      const isItsOwn = entry.user.id === id && this.isComparable(entry);
      const effect = isItsOwn ? noteChange(entry, entry.scope.view, change) : 'outdated';
      if (effect === 'raised') raised += 1;
      isOutdated ||= effect === 'outdated';
    }
    if (isOutdated) this.#forgetThrough(tenantId, id, change.version);
    for (const merged of this.#mergedIds.of(id))
      for (let entry = this.#held.peek(merged, LOOK); entry !== undefined; entry = entry.next)
        if (entry.scope.tenantId === tenantId && entry.user.id === id && this.isComparable(entry))
          if (noteSurvivorChange(entry, entry.scope.view, change) === 'raised') raised += 1;
    return raised;
  }

  /** Remembers the version unless a higher one is remembered. */
  raise(tenantId: string, id: string, { version, seenAtMs }: SeenFloor): void {
    const first = this.#seen.size === 0 ? undefined : this.#seen.get(id, LOOK);
    const known = linkOf(first, tenantId);
    if (known !== undefined && known.era === this.#era && known.version >= version) return;
    const next = known === undefined ? first : without(first, tenantId);
    this.#seen.set(id, { tenantId, version, seenAtMs, era: this.#era, next }, PLAIN);
  }

  /** Forgets the users of an id in this tenant. */
  forget(tenantId: string, id: string): void {
    this.#keep(id, ({ scope }) => scope.tenantId !== tenantId);
  }

  /** Every entry with its id, those that are to leave last first. */
  *all(): Iterable<[string, UserEntry]> {
    for (const [id, head] of this.#held.entries())
      for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next)
        yield [id, entry];
  }

  clear(): void {
    this.#held.clear();
    this.#seen.clear();
    this.#mergedIds.clear();
    this.#bytes = 0;
  }

  get size(): { entries: number; bytes: number; seenVersions: number } {
    return { entries: this.#held.size, bytes: this.#bytes, seenVersions: this.#seen.size };
  }

  #touch(id: string, head: UserEntry): void {
    head.usedIn = this.#epoch;
    this.#held.get(id, LOOK);
  }

  /** Remembers the versions of users that are in memory no more. */
  #leave(id: string, head: UserEntry): void {
    for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next) {
      const { user, readAtMs } = entry;
      this.#drop(id, entry);
      if (this.isCurrent(entry))
        this.raise(user.tenantId, user.id, { version: knownThrough(entry), seenAtMs: readAtMs });
    }
  }

  #drop(id: string, { user, bytes, scope }: UserEntry): void {
    this.#bytes -= bytes;
    if (scope.isMerged) this.#mergedIds.delete(id, user.id);
  }

  /** Forgets what is not known up to this version, or shows another user. */
  #forgetThrough(tenantId: string, id: string, version: bigint): void {
    this.#keep(
      id,
      (entry) =>
        entry.scope.tenantId !== tenantId ||
        (entry.user.id === id && this.isComparable(entry) && knownThrough(entry) >= version),
    );
  }

  #keep(id: string, isKept: (entry: UserEntry) => boolean): void {
    const held = this.#held.peek(id, LOOK);
    if (held === undefined) return;
    const rest = this.#rest(id, held, isKept);
    if (rest === undefined) this.#held.delete(id);
    else this.#held.set(id, rest, PLAIN);
  }

  #unsee(tenantId: string, id: string): void {
    const first = this.#seen.size === 0 ? undefined : this.#seen.peek(id, LOOK);
    if (linkOf(first, tenantId) === undefined) return;
    const others = without(first, tenantId);
    if (others === undefined) this.#seen.delete(id);
    else this.#seen.set(id, others, PLAIN);
  }

  #rest(id: string, head: UserEntry, isKept: (entry: UserEntry) => boolean): UserEntry | undefined {
    let rest: UserEntry | undefined;
    for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next)
      if (isKept(entry)) rest = { ...entry, next: rest };
      else this.#drop(id, entry);
    return rest;
  }

  #toShared({ tenantId, view }: UserScope, isMerged: boolean): SharedScope {
    const shared = this.#scopes.get(tenantId) ?? [];
    for (const scope of shared) if (scope.view === view && scope.isMerged === isMerged) return scope;
    const scope = { tenantId, view, isMerged, era: this.#era };
    this.#scopes.set(tenantId, [...shared, scope]);
    return scope;
  }
}

function linkOf(first: FloorLink | undefined, tenantId: string): FloorLink | undefined {
  let link = first;
  while (link !== undefined && link.tenantId !== tenantId) link = link.next;
  return link;
}

function without(floor: FloorLink | undefined, tenantId: string): FloorLink | undefined {
  let others: FloorLink | undefined;
  for (let link = floor; link !== undefined; link = link.next)
    if (link.tenantId !== tenantId) others = { ...link, next: others };
  return others;
}
