import { LRUCache } from 'lru-cache';
import type { CachedUser } from '../model/cached-user.ts';
import { estimateBytes, ownText } from '../model/compact-user.ts';
import type { UserScope } from '../model/user-reader.ts';
import { KnownVersions, type SeenFloor } from './known-versions.ts';
import { noteChange, noteSurvivorChange, type SeenChange } from './touched-views.ts';
import { knownThrough, type SharedScope, type UserEntry } from './user-entry.ts';

/** Ids that were merged away and are in memory, by the survivor that they show: changes of it are told under its own id. */
class MergedIds {
  readonly #bySurvivor = new Map<string, Set<string>>();

  /** The ids that show this survivor, in any tenant. */
  of(survivorId: string): Iterable<string> {
    return this.#bySurvivor.get(survivorId) ?? [];
  }

  add(id: string, survivorId: string): void {
    const ids = this.#bySurvivor.get(survivorId);
    if (ids === undefined) this.#bySurvivor.set(survivorId, new Set([id]));
    else ids.add(id);
  }

  delete(id: string, survivorId: string): void {
    const ids = this.#bySurvivor.get(survivorId);
    ids?.delete(id);
    if (ids?.size === 0) this.#bySurvivor.delete(survivorId);
  }

  clear(): void {
    this.#bySurvivor.clear();
  }
}

/** How much is remembered. */
export interface UserMemoryOptions {
  maxEntries: number;
  maxBytes: number;
  maxSeenVersions: number;
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
  readonly #known: KnownVersions;
  readonly #maxBytes: number;
  readonly #scopes = new Map<string, SharedScope[]>();
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
    this.#known = new KnownVersions(maxSeenVersions);
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
    this.#known.beginEra();
    this.#scopes.clear();
  }

  /** `unbind`, and a version that is held need not have the content any more that it had. */
  beginEra(): void {
    this.unbind();
    this.#comparableFromEra = this.#known.era;
  }

  /** Whether the entry's version still has its content, as far as is known. */
  isComparable({ scope }: UserEntry): boolean {
    return scope.era >= this.#comparableFromEra;
  }

  /** Whether the entry is of this era, so that its version binds. */
  isCurrent({ scope }: UserEntry): boolean {
    return scope.era === this.#known.era;
  }

  /** The version remembered of an id. Undefined: none is, or the user is in memory. */
  floor(tenantId: string, id: string): SeenFloor | undefined {
    return this.#known.get(tenantId, id);
  }

  /** Forgets the version remembered of an id. */
  lower(tenantId: string, id: string): void {
    this.#known.delete(tenantId, id);
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
    else this.#known.delete(tenantId, key);
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
  raise(tenantId: string, id: string, known: SeenFloor): void {
    this.#known.raise(tenantId, id, known);
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
    this.#known.clear();
    this.#mergedIds.clear();
    this.#bytes = 0;
  }

  get size(): { entries: number; bytes: number; seenVersions: number } {
    return { entries: this.#held.size, bytes: this.#bytes, seenVersions: this.#known.size };
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
    const scope = { tenantId, view, isMerged, era: this.#known.era };
    this.#scopes.set(tenantId, [...shared, scope]);
    return scope;
  }
}
