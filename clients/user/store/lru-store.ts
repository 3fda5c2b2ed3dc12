import { LRUCache } from 'lru-cache';
import type { CachedUser } from '../model/cached-user.ts';
import { detachString, estimateBytes } from '../model/compact-user.ts';
import type { UserScope } from '../model/user-reader.ts';
import { type KnownVersion, KnownVersions } from './known-versions.ts';
import { applyChange, applySurvivorChange, type SeenChange } from './touched-views.ts';
import { knownThrough, type SharedScope, type UserEntry } from './user-entry.ts';

/**
 * Finds the merged ids in memory by their survivor: the change feed announces changes of it under its own id.
 */
class MergedIds {
  readonly #bySurvivor = new Map<string, Set<string>>();

  /** The ids that lead to this survivor, in any tenant. */
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

/** How many users and versions are kept in memory. */
export interface LruStoreOptions {
  maxEntries: number;
  maxBytes: number;
  maxSeenVersions: number;
}

/** Number of epochs in which the whole store is filled anew: the precision of the order of eviction. */
const EPOCHS_PER_TURN = 16;
/** One object for all calls: without options lru-cache creates one per call. */
const NO_OPTIONS = {};
/** Spares lru-cache the look for a time to live, which nothing here has. */
const LOOK = { allowStale: true };

/**
 * The users in memory, and the known versions of users that are not: from the change feed, from answers, or
 * evicted. A version that only a caller claims is never among them. All entries of an id form one chain: the
 * caller's own string finds it, and no key is built. Both are bounded, and the chain that was used longest
 * ago is evicted first. For an id whose version was evicted, an answer of a service that went back in time
 * could pass.
 *
 * Versions are compared within one era of the service's database only. Entries of an earlier era serve during
 * an outage.
 */
export class LruStore {
  readonly #entries: LRUCache<string, UserEntry>;
  readonly #known: KnownVersions;
  readonly #maxBytes: number;
  readonly #scopes = new Map<string, SharedScope[]>();
  #comparableFromEra = 0;
  readonly #mergedIds = new MergedIds();
  readonly #putsPerEpoch: number;
  /**
   * Counts fills of a sixteenth of the store. A hit moves its entry to the front once per epoch, because
   * moving costs more than finding.
   */
  #epoch = 0;
  #putsLeft: number;
  /**
   * Counted here, because lru-cache computes a size only when a chain is set, and chains change in place.
   */
  #bytes = 0;

  constructor({ maxEntries, maxBytes, maxSeenVersions }: LruStoreOptions) {
    this.#maxBytes = maxBytes;
    this.#putsPerEpoch = Math.ceil(maxEntries / EPOCHS_PER_TURN);
    this.#putsLeft = this.#putsPerEpoch;
    this.#known = new KnownVersions(maxSeenVersions);
    this.#entries = new LRUCache({
      max: maxEntries,
      noDisposeOnSet: true,
      dispose: (head, id, reason) => {
        if (reason === 'evict') this.#rememberEvicted(id, head);
      },
    });
  }

  /** The entry of this scope. The id counts as used. */
  get(scope: UserScope, id: string): UserEntry | undefined {
    const head = this.#entries.peek(id, LOOK);
    if (head !== undefined && head.usedIn !== this.#epoch) this.#touch(id, head);
    for (let entry = head; entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** The first entry of an id, of any tenant. The id does not count as used. */
  firstEntry(id: string): UserEntry | undefined {
    return this.#entries.peek(id, LOOK);
  }

  /** Ends the era: the versions of entries no longer bind. */
  unbind(): void {
    this.#known.beginEra();
    this.#scopes.clear();
  }

  /** Ends the era after the database was replaced: one version may now stand for other content. */
  beginEra(): void {
    this.unbind();
    this.#comparableFromEra = this.#known.era;
  }

  /** Whether the service may still compare the entry's version with its own. */
  isComparable({ scope }: UserEntry): boolean {
    return scope.era >= this.#comparableFromEra;
  }

  /** Whether the entry is of this era, so that its version binds. */
  isCurrent({ scope }: UserEntry): boolean {
    return scope.era === this.#known.era;
  }

  /** The known version of a user that is not in memory. */
  getKnownVersion(tenantId: string, id: string): KnownVersion | undefined {
    return this.#known.get(tenantId, id);
  }

  forgetKnownVersion(tenantId: string, id: string): void {
    this.#known.delete(tenantId, id);
  }

  /**
   * Adds an entry. Of the id's other entries in this tenant it keeps those of other views with the same known
   * version. Where the id led to another user, that user's version is remembered, because the service may
   * answer it again.
   */
  put(scope: UserScope, id: string, cached: CachedUser): void {
    const { user, readAtMs, dueVersion } = cached;
    const { tenantId, view } = scope;
    const isMerged = user.id !== id;
    // The id in the user is an equal string: as key it spares a copy, and the caller's string is not kept.
    const key = isMerged ? detachString(id) : user.id;
    const earlier = this.#entries.peek(key, LOOK);
    const next =
      earlier &&
      this.#filterChain(key, earlier, (entry) => {
        const { scope: of, user: other, readAtMs: seenAtMs } = entry;
        if (of.tenantId !== tenantId) return true;
        if (!this.isComparable(entry)) return false;
        const version = knownThrough(entry);
        if (other.id === user.id) return of.view !== view && version === knownThrough(cached);
        if (this.isCurrent(entry)) this.raiseKnownVersion(tenantId, other.id, { version, seenAtMs });
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
    this.#entries.set(key, head, NO_OPTIONS);
    // A user that is larger than the whole store is not kept.
    if (bytes > this.#maxBytes) {
      this.#entries.delete(key);
      this.#rememberEvicted(key, head);
    }
    while (this.#bytes > this.#maxBytes) this.#entries.pop();
    this.#putsLeft -= 1;
    if (this.#putsLeft > 0) return;
    this.#putsLeft = this.#putsPerEpoch;
    this.#epoch += 1;
  }

  /**
   * Applies a change of a user to its entries, and forgets outdated ones. Entries of ids that were merged
   * into the user stay when they are outdated: they show which user the id led to. Returns how many entries
   * were raised to the new version.
   */
  applyChange(tenantId: string, id: string, change: SeenChange): number {
    const head = this.#entries.peek(id, LOOK);
    let raised = 0;
    let isOutdated = false;
    for (let entry = head; entry !== undefined; entry = entry.next) {
      if (entry.scope.tenantId !== tenantId) continue;
      // A change of the id while it leads to another user: it may not be merged any more.
      const isItsOwn = entry.user.id === id && this.isComparable(entry);
      const effect = isItsOwn ? applyChange(entry, entry.scope.view, change) : 'outdated';
      if (effect === 'raised') raised += 1;
      isOutdated ||= effect === 'outdated';
    }
    if (isOutdated) this.#forgetThrough(tenantId, id, change.version);
    for (const merged of this.#mergedIds.of(id))
      for (let entry = this.#entries.peek(merged, LOOK); entry !== undefined; entry = entry.next)
        if (entry.scope.tenantId === tenantId && entry.user.id === id && this.isComparable(entry))
          if (applySurvivorChange(entry, entry.scope.view, change) === 'raised') raised += 1;
    return raised;
  }

  raiseKnownVersion(tenantId: string, id: string, known: KnownVersion): void {
    this.#known.raise(tenantId, id, known);
  }

  /** Forgets the users of an id in this tenant. */
  forget(tenantId: string, id: string): void {
    this.#filter(id, ({ scope }) => scope.tenantId !== tenantId);
  }

  /** Every entry with its id, the most recently used first. */
  *all(): Iterable<[string, UserEntry]> {
    for (const [id, head] of this.#entries.entries())
      for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next)
        yield [id, entry];
  }

  clear(): void {
    this.#entries.clear();
    this.#known.clear();
    this.#mergedIds.clear();
    this.#bytes = 0;
  }

  get size(): { entries: number; bytes: number; seenVersions: number } {
    return { entries: this.#entries.size, bytes: this.#bytes, seenVersions: this.#known.size };
  }

  #touch(id: string, head: UserEntry): void {
    head.usedIn = this.#epoch;
    this.#entries.get(id, LOOK);
  }

  /** Remembers the versions of evicted users. */
  #rememberEvicted(id: string, head: UserEntry): void {
    for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next) {
      const { user, readAtMs } = entry;
      this.#release(id, entry);
      if (this.isCurrent(entry))
        this.raiseKnownVersion(user.tenantId, user.id, { version: knownThrough(entry), seenAtMs: readAtMs });
    }
  }

  #release(id: string, { user, bytes, scope }: UserEntry): void {
    this.#bytes -= bytes;
    if (scope.isMerged) this.#mergedIds.delete(id, user.id);
  }

  /** Forgets entries that are older than this version or lead to another user. */
  #forgetThrough(tenantId: string, id: string, version: bigint): void {
    this.#filter(
      id,
      (entry) =>
        entry.scope.tenantId !== tenantId ||
        (entry.user.id === id && this.isComparable(entry) && knownThrough(entry) >= version),
    );
  }

  #filter(id: string, isKept: (entry: UserEntry) => boolean): void {
    const head = this.#entries.peek(id, LOOK);
    if (head === undefined) return;
    const rest = this.#filterChain(id, head, isKept);
    if (rest === undefined) this.#entries.delete(id);
    else this.#entries.set(id, rest, NO_OPTIONS);
  }

  #filterChain(id: string, head: UserEntry, isKept: (entry: UserEntry) => boolean): UserEntry | undefined {
    let rest: UserEntry | undefined;
    for (let entry: UserEntry | undefined = head; entry !== undefined; entry = entry.next)
      if (isKept(entry)) rest = { ...entry, next: rest };
      else this.#release(id, entry);
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
