import { UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import { type CachedUser, isNewer } from './cached-user.ts';
import { estimateBytes } from './estimate-bytes.ts';
import { type SeenFloor, SeenVersions } from './seen-versions.ts';
import type { UserScope } from './user-reader.ts';

/** How much is remembered. */
export interface UserCacheOptions {
  maxEntries: number;
  maxBytes: number;
  maxMissingEntries: number;
  maxSeenVersions: number;
}

/** What entries of one tenant and view share. */
interface SharedScope extends UserScope {
  /** The user is the survivor of a merge: changes of it are told under another id. */
  readonly isMerged: boolean;
}

/** A user in one view, and what else is held under the same id: other views, and the same id of other tenants. */
interface Entry extends CachedUser {
  /** One object for all entries of its kind: a hit does not have to look into the user, and an entry stays small. */
  readonly scope: SharedScope;
  readonly next: Entry | undefined;
}

/** Every view that an entry can be of. */
export const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/** The key of a flight or a missing id. Tenant ids hold no slash, so two scopes never share one. */
export function toCacheKey({ tenantId, view }: UserScope, id: string): string {
  return `${tenantId}/${view}/${id}`;
}

/**
 * What is remembered, and nothing about how long it is good: users, missing ids, and versions known to exist. All that is
 * held of an id stands together, is found by the caller's own string without building a key, and leaves together; what is
 * handed out must be of the scope asked for. Missing ids have a place of their own, so that made-up ids cannot push users
 * out. Least recently used goes first. Never hands out a user of which a higher version is known to exist.
 */
export class UserCache {
  readonly #users: LRUCache<string, Entry>;
  readonly #missing: LRUCache<string, number>;
  readonly #seen: SeenVersions;
  readonly #scopes = new Map<string, SharedScope[]>();

  constructor({ maxEntries, maxBytes, maxMissingEntries, maxSeenVersions }: UserCacheOptions) {
    this.#seen = new SeenVersions(maxSeenVersions);
    this.#missing = new LRUCache({ max: maxMissingEntries });
    this.#users = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      noDisposeOnSet: true,
      dispose: (head, _id, reason) => reason === 'evict' && this.#remember(head),
    });
  }

  getUser(scope: UserScope, id: string): CachedUser | undefined {
    for (let entry = this.#users.get(id); entry !== undefined; entry = entry.next) {
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId)
        return entry.scope.isMerged && this.#isOutdated(entry) ? undefined : entry;
    }
    return undefined;
  }

  /** When the service said that this id is missing. */
  getMissingAtMs(scope: UserScope, id: string): number | undefined {
    return this.#missing.size === 0 ? undefined : this.#missing.get(toCacheKey(scope, id));
  }

  /** The newest answer about an id in any view: what is known of one view binds the others. */
  getNewest(tenantId: string, id: string): CachedUser | undefined {
    let newest: CachedUser | undefined;
    for (const entry of this.#entries(tenantId, id))
      if (newest === undefined || isNewer(entry, newest)) newest = entry;
    return newest;
  }

  /** The highest version of this very user that is known to exist: held, told, or held before. */
  getFloor(tenantId: string, id: string): SeenFloor | undefined {
    let floor = this.#seen.get(tenantId, id);
    for (const { user, readAtMs } of this.#entries(tenantId, id))
      if (user.id === id && user.version >= (floor?.version ?? 0n))
        floor = { version: user.version, seenAtMs: readAtMs };
    return floor;
  }

  /** Keeps a user, and forgets what it outdates in other views. Whoever fills sees to it first that it is the newest. */
  putUser({ tenantId, view }: UserScope, id: string, { user, readAtMs }: CachedUser): void {
    const isMerged = user.id !== id;
    const others = this.#rest(
      id,
      (other) =>
        other.scope.tenantId !== tenantId ||
        (other.scope.view !== view && other.user.id === user.id && other.user.version === user.version),
    );
    if (isMerged) this.see(tenantId, user.id, { version: user.version, seenAtMs: readAtMs });
    else this.#seen.delete(tenantId, id);
    this.#forgetMissing(tenantId, id);
    // The id inside the user is the same text: with it as key, one string less is kept.
    this.#put(isMerged ? id : user.id, {
      user,
      readAtMs,
      scope: this.#toShared(tenantId, view, isMerged),
      next: others,
    });
  }

  /** Keeps that an id is missing, and forgets it as a user in every view. */
  putMissing(scope: UserScope, id: string, readAtMs: number): void {
    this.forget(scope.tenantId, id);
    this.#missing.set(toCacheKey(scope, id), readAtMs);
  }

  /**
   * Remembers that a version exists: what is held of the id and is older is forgotten in every view, and so is that the id
   * is missing. Answers whether that was news.
   */
  see(tenantId: string, id: string, floor: SeenFloor): boolean {
    const known = this.getFloor(tenantId, id);
    if (known !== undefined && known.version >= floor.version) return false;
    this.#keepOnly(id, (entry) => entry.scope.tenantId !== tenantId);
    this.#forgetMissing(tenantId, id);
    this.#seen.raise(tenantId, id, floor);
    return true;
  }

  /** Forgets an id in every view, and remembers up to which version it was known. */
  forget(tenantId: string, id: string): void {
    for (const entry of this.#entries(tenantId, id)) this.#rememberOne(entry);
    this.#keepOnly(id, (entry) => entry.scope.tenantId !== tenantId);
    this.#forgetMissing(tenantId, id);
  }

  clear(): void {
    this.#users.clear();
    this.#missing.clear();
    this.#seen.clear();
  }

  /** Every id that users are held of, the most recently used first. */
  ids(): string[] {
    return [...this.#users.keys()];
  }

  /** All that is held of an id, without making it more recently used. */
  held(id: string): readonly (CachedUser & { readonly scope: UserScope })[] {
    const entries: Entry[] = [];
    for (let entry = this.#users.peek(id); entry !== undefined; entry = entry.next) entries.push(entry);
    return entries;
  }

  get size(): { entries: number; bytes: number; missingEntries: number; seenVersions: number } {
    return {
      entries: this.#users.size,
      bytes: this.#users.calculatedSize,
      missingEntries: this.#missing.size,
      seenVersions: this.#seen.size,
    };
  }

  #isOutdated({ user }: Entry): boolean {
    const floor = this.getFloor(user.tenantId, user.id);
    return floor !== undefined && user.version < floor.version;
  }

  *#entries(tenantId: string, id: string): Iterable<Entry> {
    for (let entry = this.#users.peek(id); entry !== undefined; entry = entry.next)
      if (entry.scope.tenantId === tenantId) yield entry;
  }

  #rest(id: string, isKept: (entry: Entry) => boolean): Entry | undefined {
    let rest: Entry | undefined;
    for (let entry = this.#users.peek(id); entry !== undefined; entry = entry.next)
      if (isKept(entry)) rest = { ...entry, next: rest };
    return rest;
  }

  #keepOnly(id: string, isKept: (entry: Entry) => boolean): void {
    if (!this.#users.has(id)) return;
    const rest = this.#rest(id, isKept);
    if (rest === undefined) this.#users.delete(id);
    else this.#put(id, rest);
  }

  #put(id: string, head: Entry): void {
    let size = 0;
    for (let entry: Entry | undefined = head; entry !== undefined; entry = entry.next)
      size += estimateBytes(entry.user);
    this.#users.set(id, head, { size });
  }

  #remember(head: Entry): void {
    for (let entry: Entry | undefined = head; entry !== undefined; entry = entry.next)
      this.#rememberOne(entry);
  }

  #rememberOne({ user, readAtMs }: Entry): void {
    this.#seen.raise(user.tenantId, user.id, { version: user.version, seenAtMs: readAtMs });
  }

  #toShared(tenantId: string, view: UserView, isMerged: boolean): SharedScope {
    const shared = this.#scopes.get(tenantId) ?? [];
    const known = shared.find((scope) => scope.view === view && scope.isMerged === isMerged);
    if (known !== undefined) return known;
    const scope = { tenantId, view, isMerged };
    this.#scopes.set(tenantId, [...shared, scope]);
    return scope;
  }

  #forgetMissing(tenantId: string, id: string): void {
    if (this.#missing.size === 0) return;
    for (const view of VIEWS) this.#missing.delete(toCacheKey({ tenantId, view }, id));
  }
}
