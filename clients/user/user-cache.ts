import { type User, UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import type { UserScope } from './user-reader.ts';

/** A user as it was answered. */
export interface CachedUser {
  /** Frozen. */
  readonly user: User;
  /** True at this point of the client's clock or later. */
  readonly readAtMs: number;
}

/** How much is remembered. */
export interface UserCacheOptions {
  maxEntries: number;
  maxMissingEntries: number;
}

/** Every view that an entry can be of. */
export const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/** The key of an entry. Tenant ids hold no slash, so two scopes never share one. */
export function toCacheKey({ tenantId, view }: UserScope, id: string): string {
  return `${tenantId}/${view}/${id}`;
}

/**
 * What is remembered, and nothing about when it is good enough: users and missing ids, by tenant, view and id. Missing
 * ids have a place of their own, so that made-up ids cannot push users out. Least recently used goes first.
 */
export class UserCache {
  readonly #users: LRUCache<string, CachedUser>;
  readonly #missing: LRUCache<string, number>;

  constructor({ maxEntries, maxMissingEntries }: UserCacheOptions) {
    this.#users = new LRUCache({ max: maxEntries });
    this.#missing = new LRUCache({ max: maxMissingEntries });
  }

  getUser(key: string): CachedUser | undefined {
    return this.#users.get(key);
  }

  /** When the service said that this key is missing. */
  getMissingAtMs(key: string): number | undefined {
    return this.#missing.get(key);
  }

  /** The newest answer about an id in any view: what is known of one view binds the others. */
  getNewest(scope: UserScope, id: string): CachedUser | undefined {
    return this.#entries(scope, id).reduce<CachedUser | undefined>(
      (newest, entry) => (newest === undefined || isNewer(entry, newest) ? entry : newest),
      undefined,
    );
  }

  /** Keeps a user, and forgets what it outdates in other views. Whoever fills sees to it first that it is the newest. */
  putUser(scope: UserScope, id: string, entry: CachedUser): void {
    const key = toCacheKey(scope, id);
    for (const view of VIEWS) {
      const other = toCacheKey({ ...scope, view }, id);
      const held = this.#users.peek(other);
      if (held !== undefined && !isSameVersion(held, entry)) this.#users.delete(other);
      this.#missing.delete(other);
    }
    this.#users.set(key, entry);
  }

  /** Keeps that an id is missing, and forgets it as a user in every view. */
  putMissing(scope: UserScope, id: string, readAtMs: number): void {
    this.forget(scope.tenantId, id);
    this.#missing.set(toCacheKey(scope, id), readAtMs);
  }

  /** Forgets an id in every view. */
  forget(tenantId: string, id: string): void {
    for (const view of VIEWS) {
      const key = toCacheKey({ tenantId, view }, id);
      this.#users.delete(key);
      this.#missing.delete(key);
    }
  }

  clear(): void {
    this.#users.clear();
    this.#missing.clear();
  }

  get size(): { entries: number; missingEntries: number } {
    return { entries: this.#users.size, missingEntries: this.#missing.size };
  }

  #entries(scope: UserScope, id: string): CachedUser[] {
    return VIEWS.flatMap((view) => this.#users.peek(toCacheKey({ ...scope, view }, id)) ?? []);
  }
}

/**
 * Whether one answer about an id is newer than another. Versions decide, which belong to one user; across a merge the two
 * answers are of two users, and the time of reading decides.
 */
export function isNewer(one: CachedUser, other: CachedUser): boolean {
  if (one.user.id === other.user.id) return one.user.version > other.user.version;
  return one.readAtMs > other.readAtMs;
}

function isSameVersion(one: CachedUser, other: CachedUser): boolean {
  return one.user.id === other.user.id && one.user.version === other.user.version;
}
