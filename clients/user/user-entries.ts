import type { UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import type { CachedUser } from './cached-user.ts';
import { compactUser } from './compact-user.ts';
import { estimateBytes } from './estimate-bytes.ts';
import type { UserScope } from './user-reader.ts';

/** What entries of one tenant and view share. */
interface SharedScope extends UserScope {
  /** The user is the survivor of a merge: changes of it are told under another id. */
  readonly isMerged: boolean;
}

/** A user in one view, and what else is held under the same id: other views, and the same id of other tenants. */
export interface UserEntry extends CachedUser {
  /** One object for all entries of its kind: a hit does not have to look into the user, and an entry stays small. */
  readonly scope: SharedScope;
  readonly next: UserEntry | undefined;
}

/**
 * The users in memory. All that is held of an id stands in one chain, which is found by the caller's own string without
 * building a key, and which leaves as a whole; what is handed out must be of the tenant and view asked for.
 */
export class UserEntries {
  readonly #chains: LRUCache<string, UserEntry>;
  readonly #scopes = new Map<string, SharedScope[]>();

  /** `onEvict` hears of each entry that has to leave for others. */
  constructor(
    { maxEntries, maxBytes }: { maxEntries: number; maxBytes: number },
    onEvict: (entry: UserEntry) => void,
  ) {
    this.#chains = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      noDisposeOnSet: true,
      dispose(head, _id, reason) {
        if (reason === 'evict') for (const entry of links(head)) onEvict(entry);
      },
    });
  }

  /** The entry, which is now the most recently used. */
  use(scope: UserScope, id: string): UserEntry | undefined {
    for (let entry = this.#chains.get(id); entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** All that is held of an id, of every tenant, without making it more recently used. */
  held(id: string): UserEntry[] {
    return [...links(this.#chains.peek(id))];
  }

  /** Adds an entry, and keeps of the id's others those that `isKept` names. Does not look for one of the same scope. */
  put(
    scope: UserScope,
    id: string,
    { entry, isKept }: { entry: CachedUser; isKept: (other: UserEntry) => boolean },
  ): void {
    const { user, readAtMs } = entry;
    const isMerged = user.id !== id;
    const head = {
      user: compactUser(user),
      readAtMs,
      scope: this.#toShared(scope, isMerged),
      next: this.#rest(id, isKept),
    };
    // The id inside the user is the same text: with it as key, one string less is kept.
    this.#set(isMerged ? id : user.id, head);
  }

  /** Forgets what `isKept` does not name. */
  keepOnly(id: string, isKept: (entry: UserEntry) => boolean): void {
    if (!this.#chains.has(id)) return;
    const rest = this.#rest(id, isKept);
    if (rest === undefined) this.#chains.delete(id);
    else this.#set(id, rest);
  }

  /** Every id that users are held of, the most recently used first. */
  ids(): string[] {
    return [...this.#chains.keys()];
  }

  clear(): void {
    this.#chains.clear();
  }

  get size(): { entries: number; bytes: number } {
    return { entries: this.#chains.size, bytes: this.#chains.calculatedSize };
  }

  #rest(id: string, isKept: (entry: UserEntry) => boolean): UserEntry | undefined {
    let rest: UserEntry | undefined;
    for (const entry of links(this.#chains.peek(id))) if (isKept(entry)) rest = { ...entry, next: rest };
    return rest;
  }

  #set(id: string, head: UserEntry): void {
    let size = 0;
    for (const { user } of links(head)) size += estimateBytes(user);
    this.#chains.set(id, head, { size });
  }

  #toShared({ tenantId, view }: { tenantId: string; view: UserView }, isMerged: boolean): SharedScope {
    const shared = this.#scopes.get(tenantId) ?? [];
    const known = shared.find((scope) => scope.view === view && scope.isMerged === isMerged);
    if (known !== undefined) return known;
    const scope = { tenantId, view, isMerged };
    this.#scopes.set(tenantId, [...shared, scope]);
    return scope;
  }
}

function* links(head: UserEntry | undefined): Iterable<UserEntry> {
  for (let entry = head; entry !== undefined; entry = entry.next) yield entry;
}
