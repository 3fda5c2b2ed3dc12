import { UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import { type CachedUser, isNewer } from '../model/cached-user.ts';
import { ownText } from '../model/compact-user.ts';
import type { UserScope } from '../model/user-reader.ts';
import type { SeenFloor } from './known-versions.ts';
import { UserMemory, type UserMemoryOptions } from './lru-store.ts';
import type { SeenChange } from './touched-views.ts';
import { knownThrough, type UserEntry } from './user-entry.ts';

/** How much is remembered. */
export interface UserCacheOptions extends UserMemoryOptions {
  maxMissingEntries: number;
}

/** Every view that an entry can be of. */
export const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/**
 * What is remembered, and nothing about how long it is good: users, missing ids, and versions known to exist. Missing ids
 * have a place of their own, so that made-up ids cannot push users out. What was not used for long goes first. Never hands
 * out a user of which a higher version is known to exist.
 */
export class UserCache {
  readonly #users: UserMemory;
  readonly #missing: LRUCache<string, number>;
  #isClosed = false;
  #certainFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: UserCacheOptions) {
    this.#missing = new LRUCache({ max: options.maxMissingEntries });
    this.#users = new UserMemory(options);
  }

  getUser(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#users.use(scope, id);
    return entry?.scope.isMerged && this.#isOutdated(entry) ? undefined : entry;
  }

  /** The user, unless the service may have given its version to other content since. */
  getComparable(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#users.use(scope, id);
    if (entry === undefined || !this.#users.isComparable(entry)) return undefined;
    return entry.scope.isMerged && this.#isOutdated(entry) ? undefined : entry;
  }

  /** When the service said that this id is missing. */
  getMissingAtMs(scope: UserScope, id: string): number | undefined {
    return this.#missing.size === 0 ? undefined : this.#missing.get(toMissingKey(scope, id));
  }

  /** The newest answer about an id in any view: what is known of one view binds the others. */
  getNewest(tenantId: string, id: string): CachedUser | undefined {
    let newest: CachedUser | undefined;
    for (let entry = this.#users.first(id); entry !== undefined; entry = entry.next)
      if (this.#binds(entry, tenantId) && (newest === undefined || isNewer(entry, newest))) newest = entry;
    return newest;
  }

  /** The highest version of this very user that is known to exist: held, told, or held before. */
  getFloor(tenantId: string, id: string): SeenFloor | undefined {
    let floor = this.#users.floor(tenantId, id);
    for (let entry = this.#users.first(id); entry !== undefined; entry = entry.next) {
      const { user, readAtMs } = entry;
      const through = knownThrough(entry);
      if (this.#binds(entry, tenantId) && user.id === id && through >= (floor?.version ?? 0n))
        floor = { version: through, seenAtMs: readAtMs };
    }
    return floor;
  }

  /** Keeps a user, and forgets what it outdates in other views. Whoever fills sees to it first that it is the newest. */
  putUser(scope: UserScope, id: string, entry: CachedUser): void {
    if (this.#isClosed) return;
    const { user, readAtMs } = entry;
    const version = knownThrough(entry);
    if (user.id !== id) this.see(scope.tenantId, user.id, { version, seenAtMs: readAtMs });
    this.#forgetMissing(scope.tenantId, id);
    this.#users.put(scope, id, entry);
  }

  /** Keeps that an id is missing, and forgets it as a user in every view. */
  putMissing(scope: UserScope, id: string, readAtMs: number): void {
    if (this.#isClosed) return;
    this.forget(scope.tenantId, id);
    this.#missing.set(ownText(toMissingKey(scope, id)), readAtMs);
  }

  /**
   * Remembers that a version exists: what is held of the id and is older is forgotten in every view that shows the change, and so
   * is that the id is missing. A version that is known changes nothing. Answers how many entries were raised to the version.
   */
  see(tenantId: string, id: string, change: SeenChange): number {
    if (this.#isClosed || this.#knows(tenantId, id, change.version)) return 0;
    const raised = this.#users.change(tenantId, id, change);
    this.#forgetMissing(tenantId, id);
    const { version, seenAtMs } = change;
    if (!this.#knows(tenantId, id, version)) this.#users.raise(tenantId, id, { version, seenAtMs });
    return raised;
  }

  /** Forgets an id in every view, and remembers up to which version it was known. */
  forget(tenantId: string, id: string): void {
    for (const entry of this.held(tenantId, id)) {
      const { user, readAtMs: seenAtMs } = entry;
      if (this.#users.isCurrent(entry))
        this.#users.raise(user.tenantId, user.id, { version: knownThrough(entry), seenAtMs });
    }
    this.#users.forget(tenantId, id);
    this.#forgetMissing(tenantId, id);
  }

  /**
   * Lets no version bind that is known up to now, and keeps users for an outage alone: the service's database is another one,
   * or went back. What was asked before `certainFromMs` may still be answered from before, and is not kept.
   */
  beginEra(certainFromMs: number): void {
    this.#certainFromMs = certainFromMs;
    this.#users.beginEra();
    this.#missing.clear();
  }

  /** Lets no version bind that is held: it was read by an earlier process. */
  unbind(): void {
    this.#users.unbind();
  }

  /** Whether an answer to what was asked then is of this era. */
  isCertain(readAtMs: number): boolean {
    return readAtMs >= this.#certainFromMs;
  }

  /** From when on reads on their way may be shared by who comes now: no earlier than `fromMs`, and certain where now is. */
  sharedFromMs(fromMs: number, nowMs: number): number {
    return this.isCertain(nowMs) ? Math.max(fromMs, this.#certainFromMs) : fromMs;
  }

  /** Forgets an id, and up to which version it was known: the service says that there is no such version. */
  disown(tenantId: string, id: string): void {
    this.#users.forget(tenantId, id);
    this.#users.lower(tenantId, id);
  }

  /** Forgets everything, and takes nothing in from now on: what is on its way may still land. */
  close(): void {
    this.#isClosed = true;
    this.clear();
  }

  clear(): void {
    this.#users.clear();
    this.#missing.clear();
  }

  /** All that is held of an id, without using it. */
  held(tenantId: string, id: string): readonly UserEntry[] {
    const held: UserEntry[] = [];
    for (let entry = this.#users.first(id); entry !== undefined; entry = entry.next)
      if (entry.scope.tenantId === tenantId) held.push(entry);
    return held;
  }

  /** In which views an id is known to be missing, and since when, without using it. */
  missing(tenantId: string, id: string): readonly { readonly view: UserView; readonly readAtMs: number }[] {
    return VIEWS.flatMap((view) => {
      const readAtMs = this.#missing.peek(toMissingKey({ tenantId, view }, id));
      return readAtMs === undefined ? [] : { view, readAtMs };
    });
  }

  /** All that is held, with its id; what is to leave last first. */
  all(): Iterable<[string, UserEntry]> {
    return this.#users.all();
  }

  /** All that is held and comes from the database that the service has now, as far as is known. */
  *allComparable(): Iterable<[string, UserEntry]> {
    for (const held of this.#users.all()) if (this.#users.isComparable(held[1])) yield held;
  }

  get size(): { entries: number; bytes: number; missingEntries: number; seenVersions: number } {
    return { ...this.#users.size, missingEntries: this.#missing.size };
  }

  #binds(entry: UserEntry, tenantId: string): boolean {
    return entry.scope.tenantId === tenantId && this.#users.isCurrent(entry);
  }

  #isOutdated(entry: UserEntry): boolean {
    const floor = this.getFloor(entry.user.tenantId, entry.user.id);
    return floor !== undefined && knownThrough(entry) < floor.version;
  }

  #knows(tenantId: string, id: string, version: bigint): boolean {
    const floor = this.getFloor(tenantId, id);
    return floor !== undefined && floor.version >= version;
  }

  #forgetMissing(tenantId: string, id: string): void {
    if (this.#missing.size === 0) return;
    for (const view of VIEWS) this.#missing.delete(toMissingKey({ tenantId, view }, id));
  }
}

// Tenant ids hold no slash, so two scopes never share one.
function toMissingKey({ tenantId, view }: UserScope, id: string): string {
  return `${tenantId}/${view}/${id}`;
}
