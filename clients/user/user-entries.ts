import type { UserView } from '@rollcall/contract/user';
import { LRUCache } from 'lru-cache';
import type { CachedUser } from './cached-user.ts';
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
  /** Estimated, together with those that follow. */
  readonly bytes: number;
  /** The epoch in which it was last used. */
  usedIn: number;
}

/** Of a whole turn of the memory: by how much an entry may be taken for less recently used than it is. */
const EPOCHS_PER_TURN = 16;
/** One for all, in place of one that lru-cache makes at each look. */
const PEEK = {};
const NONE: readonly UserEntry[] = [];

/**
 * The users in memory. All that is held of an id stands in one chain, which is found by the caller's own string without
 * building a key, and which leaves as a whole; what is handed out must be of the tenant and view asked for.
 */
export class UserEntries {
  readonly #chains: LRUCache<string, UserEntry>;
  /** Counts sixteenths of the memory that came new. A hit says so to lru-cache in each of them once: moving an entry costs more than finding it. */
  #epoch = 0;
  #putsLeft: number;
  readonly #putsPerEpoch: number;
  readonly #maxBytes: number;
  readonly #onEvict: (entry: UserEntry) => void;
  readonly #scopes = new Map<string, SharedScope[]>();

  /** `onEvict` hears of each entry that has to leave for others. */
  constructor(
    { maxEntries, maxBytes }: { maxEntries: number; maxBytes: number },
    onEvict: (entry: UserEntry) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#putsPerEpoch = Math.ceil(maxEntries / EPOCHS_PER_TURN);
    this.#putsLeft = this.#putsPerEpoch;
    this.#chains = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      noDisposeOnSet: true,
      dispose(head, _id, reason) {
        if (reason === 'evict') for (const entry of links(head)) onEvict(entry);
      },
    });
  }

  /** The entry, which now counts as used. */
  use(scope: UserScope, id: string): UserEntry | undefined {
    const head = this.#chains.peek(id, PEEK);
    if (head !== undefined && head.usedIn !== this.#epoch) this.#touch(id, head);
    for (let entry = head; entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** All that is held of an id, of every tenant, without using it. */
  held(id: string): readonly UserEntry[] {
    const head = this.#chains.peek(id, PEEK);
    return head === undefined ? NONE : head.next === undefined ? [head] : [...links(head)];
  }

  /** Adds an entry, and keeps of the id's others those that `isKept` names. Does not look for one of the same scope. */
  put(
    scope: UserScope,
    id: string,
    { entry, isKept }: { entry: CachedUser; isKept: (other: UserEntry) => boolean },
  ): void {
    const { user, readAtMs } = entry;
    const isMerged = user.id !== id;
    const next = this.#rest(id, isKept);
    const bytes = estimateBytes(user) + (next?.bytes ?? 0);
    const head = { user, readAtMs, scope: this.#toShared(scope, isMerged), next, bytes, usedIn: this.#epoch };
    // The id inside the user is the same text: with it as key, one string less is kept.
    this.#chains.set(isMerged ? id : user.id, head);
    // What is larger than the whole memory is not kept at all, and nobody says so.
    if (bytes > this.#maxBytes) for (const left of links(head)) this.#onEvict(left);
    this.#putsLeft -= 1;
    if (this.#putsLeft > 0) return;
    this.#putsLeft = this.#putsPerEpoch;
    this.#epoch += 1;
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
    return [...this.#chains.keys()];
  }

  clear(): void {
    this.#chains.clear();
  }

  get size(): { entries: number; bytes: number } {
    return { entries: this.#chains.size, bytes: this.#chains.calculatedSize };
  }

  #touch(id: string, head: UserEntry): void {
    this.#chains.get(id);
    head.usedIn = this.#epoch;
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
