import type { UserView } from '@rollcall/contract/user';
import type { CachedUser } from './cached-user.ts';
import { compactUser } from './compact-user.ts';
import { estimateBytes } from './estimate-bytes.ts';
import { type Holdable, SecondChanceMap } from './second-chance-map.ts';
import type { UserScope } from './user-reader.ts';

/** What entries of one tenant and view share. */
interface SharedScope extends UserScope {
  /** The user is the survivor of a merge: changes of it are told under another id. */
  readonly isMerged: boolean;
}

/** A user in one view, and what else is held under the same id: other views, and the same id of other tenants. */
export interface UserEntry extends CachedUser, Holdable {
  /** One object for all entries of its kind: a hit does not have to look into the user, and an entry stays small. */
  readonly scope: SharedScope;
  readonly next: UserEntry | undefined;
  /** Estimated, together with those that follow. */
  readonly bytes: number;
}

/**
 * The users in memory. All that is held of an id stands in one chain, which is found by the caller's own string without
 * building a key, and which leaves as a whole; what is handed out must be of the tenant and view asked for.
 */
export class UserEntries {
  readonly #chains: SecondChanceMap<UserEntry>;
  readonly #scopes = new Map<string, SharedScope[]>();

  /** `onEvict` hears of each entry that has to leave for others. */
  constructor(
    { maxEntries, maxBytes }: { maxEntries: number; maxBytes: number },
    onEvict: (entry: UserEntry) => void,
  ) {
    this.#chains = new SecondChanceMap({
      maxEntries,
      maxBytes,
      onEvict(head) {
        for (const entry of links(head)) onEvict(entry);
      },
    });
  }

  /** The entry, which now counts as used. */
  use(scope: UserScope, id: string): UserEntry | undefined {
    for (let entry = this.#chains.use(id); entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** All that is held of an id, of every tenant, without using it. */
  held(id: string): UserEntry[] {
    return [...links(this.#chains.peek(id))];
  }

  /** Adds an entry, and keeps of the id's others those that `isKept` names. Does not look for one of the same scope. */
  put(
    scope: UserScope,
    id: string,
    { entry, isKept }: { entry: CachedUser; isKept: (other: UserEntry) => boolean },
  ): void {
    const { readAtMs } = entry;
    const user = compactUser(entry.user);
    const isMerged = user.id !== id;
    const next = this.#rest(id, isKept);
    const bytes = estimateBytes(user) + (next?.bytes ?? 0);
    const head = { user, readAtMs, scope: this.#toShared(scope, isMerged), next, bytes, isUsed: false };
    // The id inside the user is the same text: with it as key, one string less is kept.
    this.#chains.set(isMerged ? id : user.id, head);
  }

  /** Forgets what `isKept` does not name. */
  keepOnly(id: string, isKept: (entry: UserEntry) => boolean): void {
    if (this.#chains.peek(id) === undefined) return;
    const rest = this.#rest(id, isKept);
    if (rest === undefined) this.#chains.delete(id);
    else this.#chains.set(id, rest);
  }

  /** Every id that users are held of, those that are to leave last first. */
  ids(): string[] {
    return [...this.#chains.keys()].reverse();
  }

  clear(): void {
    this.#chains.clear();
  }

  get size(): { entries: number; bytes: number } {
    return this.#chains.size;
  }

  #rest(id: string, isKept: (entry: UserEntry) => boolean): UserEntry | undefined {
    let rest: UserEntry | undefined;
    for (const entry of links(this.#chains.peek(id)))
      if (isKept(entry))
        rest = { ...entry, next: rest, bytes: estimateBytes(entry.user) + (rest?.bytes ?? 0) };
    return rest;
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
