import { UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import { type CachedUser, isNewer } from '../model/cached-user.ts';
import { detachString } from '../model/compact-user.ts';
import type { UserScope } from '../model/user-reader.ts';
import type { KnownVersion } from './known-versions.ts';
import { LruStore, type LruStoreOptions } from './lru-store.ts';
import type { SeenChange } from './touched-views.ts';
import { knownThrough, type UserEntry } from './user-entry.ts';

/** How many users, missing ids and versions are kept in memory. */
export interface UserCacheOptions extends LruStoreOptions {
  maxMissingEntries: number;
}

/** Every view that an entry may have. */
export const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/**
 * Keeps users, missing ids and known versions, without a rule for how long they are fresh. Missing ids are
 * kept apart, so that made-up ids cannot evict users. The least recently used is evicted first. A user of
 * which a higher version is known is never returned.
 */
export class UserCache {
  readonly #store: LruStore;
  readonly #missing: LRUCache<string, number>;
  #isClosed = false;
  #eraFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: UserCacheOptions) {
    this.#missing = new LRUCache({ max: options.maxMissingEntries });
    this.#store = new LruStore(options);
  }

  getUser(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#store.get(scope, id);
    return entry?.scope.isMerged && this.#isOutdated(entry) ? undefined : entry;
  }

  /** The user, unless its version may stand for other content since the database was replaced. */
  getComparable(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#store.get(scope, id);
    if (entry === undefined || !this.#store.isComparable(entry)) return undefined;
    return entry.scope.isMerged && this.#isOutdated(entry) ? undefined : entry;
  }

  /** When the service answered that this id is missing. */
  getMissingAtMs(scope: UserScope, id: string): number | undefined {
    return this.#missing.size === 0 ? undefined : this.#missing.get(toMissingKey(scope, id));
  }

  /** The newest entry of an id in any view: a version that one view knows binds the others. */
  getNewest(tenantId: string, id: string): CachedUser | undefined {
    let newest: CachedUser | undefined;
    for (let entry = this.#store.firstEntry(id); entry !== undefined; entry = entry.next)
      if (this.#isBinding(entry, tenantId) && (newest === undefined || isNewer(entry, newest)))
        newest = entry;
    return newest;
  }

  /** The highest known version of this very user: in memory, seen in a change, or evicted. */
  getKnownVersion(tenantId: string, id: string): KnownVersion | undefined {
    let known = this.#store.getKnownVersion(tenantId, id);
    for (let entry = this.#store.firstEntry(id); entry !== undefined; entry = entry.next) {
      const { user, readAtMs } = entry;
      const through = knownThrough(entry);
      if (this.#isBinding(entry, tenantId) && user.id === id && through >= (known?.version ?? 0n))
        known = { version: through, seenAtMs: readAtMs };
    }
    return known;
  }

  /**
   * Keeps a user, and forgets entries of other views that it outdates. The caller has made sure that it is
   * the newest.
   */
  putUser(scope: UserScope, id: string, entry: CachedUser): void {
    if (this.#isClosed) return;
    const { user, readAtMs } = entry;
    const version = knownThrough(entry);
    if (user.id !== id) this.recordChange(scope.tenantId, user.id, { version, seenAtMs: readAtMs });
    this.#forgetMissing(scope.tenantId, id);
    this.#store.put(scope, id, entry);
  }

  /** Keeps that an id is missing, and forgets its users in every view. */
  putMissing(scope: UserScope, id: string, readAtMs: number): void {
    if (this.#isClosed) return;
    this.forget(scope.tenantId, id);
    this.#missing.set(detachString(toMissingKey(scope, id)), readAtMs);
  }

  /**
   * Records that a version exists. Older entries of the id are forgotten in every view that shows the change,
   * and so is that the id is missing. A version that is known already changes nothing. Returns how many
   * entries were raised to the version.
   */
  recordChange(tenantId: string, id: string, change: SeenChange): number {
    if (this.#isClosed || this.#isKnown(tenantId, id, change.version)) return 0;
    const raised = this.#store.applyChange(tenantId, id, change);
    this.#forgetMissing(tenantId, id);
    const { version, seenAtMs } = change;
    if (!this.#isKnown(tenantId, id, version))
      this.#store.raiseKnownVersion(tenantId, id, { version, seenAtMs });
    return raised;
  }

  /** Forgets an id in every view, and remembers its known version. */
  forget(tenantId: string, id: string): void {
    for (const entry of this.entriesOf(tenantId, id)) {
      const { user, readAtMs: seenAtMs } = entry;
      if (this.#store.isCurrent(entry))
        this.#store.raiseKnownVersion(user.tenantId, user.id, { version: knownThrough(entry), seenAtMs });
    }
    this.#store.forget(tenantId, id);
    this.#forgetMissing(tenantId, id);
  }

  /**
   * Begins an era of the service's database, which was replaced or went back. Versions known until now no
   * longer bind, and users in memory serve during an outage only. Answers to reads from before `eraFromMs`
   * may still be of the earlier era, and are not kept.
   */
  beginEra(eraFromMs: number): void {
    this.#eraFromMs = eraFromMs;
    this.#store.beginEra();
    this.#missing.clear();
  }

  /** Ends the era for entries of an earlier process: their versions no longer bind. */
  unbind(): void {
    this.#store.unbind();
  }

  /** Whether an answer to a read of that time is of the current era. */
  isOfCurrentEra(readAtMs: number): boolean {
    return readAtMs >= this.#eraFromMs;
  }

  /**
   * The earliest start of a read in flight that a caller may join now: no earlier than `fromMs`, and of the
   * current era.
   */
  shareableFromMs(fromMs: number, nowMs: number): number {
    return this.isOfCurrentEra(nowMs) ? Math.max(fromMs, this.#eraFromMs) : fromMs;
  }

  /** Forgets an id and its known version, which the service does not have. */
  forgetVersion(tenantId: string, id: string): void {
    this.#store.forget(tenantId, id);
    this.#store.forgetKnownVersion(tenantId, id);
  }

  /** Forgets everything, and keeps nothing from now on: answers may still be in flight. */
  close(): void {
    this.#isClosed = true;
    this.clear();
  }

  clear(): void {
    this.#store.clear();
    this.#missing.clear();
  }

  /** All entries of an id, without using it. */
  entriesOf(tenantId: string, id: string): readonly UserEntry[] {
    const entries: UserEntry[] = [];
    for (let entry = this.#store.firstEntry(id); entry !== undefined; entry = entry.next)
      if (entry.scope.tenantId === tenantId) entries.push(entry);
    return entries;
  }

  /** The views in which an id is missing, and since when, without using it. */
  missingViews(
    tenantId: string,
    id: string,
  ): readonly { readonly view: UserView; readonly readAtMs: number }[] {
    return VIEWS.flatMap((view) => {
      const readAtMs = this.#missing.peek(toMissingKey({ tenantId, view }, id));
      return readAtMs === undefined ? [] : { view, readAtMs };
    });
  }

  /** All entries with their ids, the most recently used first. */
  all(): Iterable<[string, UserEntry]> {
    return this.#store.all();
  }

  /** All entries of the service's current database, as far as is known. */
  *allComparable(): Iterable<[string, UserEntry]> {
    for (const entry of this.#store.all()) if (this.#store.isComparable(entry[1])) yield entry;
  }

  get size(): { entries: number; bytes: number; missingEntries: number; seenVersions: number } {
    return { ...this.#store.size, missingEntries: this.#missing.size };
  }

  #isBinding(entry: UserEntry, tenantId: string): boolean {
    return entry.scope.tenantId === tenantId && this.#store.isCurrent(entry);
  }

  #isOutdated(entry: UserEntry): boolean {
    const known = this.getKnownVersion(entry.user.tenantId, entry.user.id);
    return known !== undefined && knownThrough(entry) < known.version;
  }

  #isKnown(tenantId: string, id: string, version: bigint): boolean {
    const known = this.getKnownVersion(tenantId, id);
    return known !== undefined && known.version >= version;
  }

  #forgetMissing(tenantId: string, id: string): void {
    if (this.#missing.size === 0) return;
    for (const view of VIEWS) this.#missing.delete(toMissingKey({ tenantId, view }, id));
  }
}

// Tenant ids contain no slash, so two scopes never share a key.
function toMissingKey({ tenantId, view }: UserScope, id: string): string {
  return `${tenantId}/${view}/${id}`;
}
