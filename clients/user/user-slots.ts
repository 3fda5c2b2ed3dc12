import type { CachedUser } from './cached-user.ts';
import { estimateBytes } from './estimate-bytes.ts';
import { type FloorLink, type SeenFloor, Slot, SlotList } from './slot-list.ts';
import type { SharedScope, UserEntry } from './user-entry.ts';
import type { UserScope } from './user-reader.ts';

/** How much is remembered. */
export interface UserSlotsOptions {
  maxEntries: number;
  maxBytes: number;
  maxSeenVersions: number;
}

/** Of a whole turn of the memory: by how much an entry may be taken for less recently used than it is. */
const EPOCHS_PER_TURN = 16;

/**
 * The users in memory, and the versions that are known to exist of users that are not: told by the change feed, answered, or
 * held before they were evicted; never merely claimed by a caller. All that is known of an id stands in one slot, which is
 * found by the caller's own string without building a key: most of what a user that comes or goes costs is looking it up, and
 * here one that leaves stays in its slot as a version. Both are bounded. A slot leaves as a whole, the one used longest ago
 * first; for an id whose version is forgotten an older answer could pass, which only a service that goes back in time gives.
 */
export class UserSlots {
  readonly #byId = new Map<string, Slot>();
  /** Those with a user in memory. */
  readonly #held = new SlotList();
  /** Those with versions alone. */
  readonly #seen = new SlotList();
  readonly #options: UserSlotsOptions;
  readonly #scopes = new Map<string, SharedScope[]>();
  readonly #putsPerEpoch: number;
  /** Counts sixteenths of the memory that came new. A hit moves its slot in each of them once: moving costs more than finding. */
  #epoch = 0;
  #putsLeft: number;
  #bytes = 0;

  constructor(options: UserSlotsOptions) {
    this.#options = options;
    this.#putsPerEpoch = Math.ceil(options.maxEntries / EPOCHS_PER_TURN);
    this.#putsLeft = this.#putsPerEpoch;
  }

  /** The entry, which now counts as used. */
  use(scope: UserScope, id: string): UserEntry | undefined {
    const slot = this.#byId.get(id);
    if (slot === undefined) return undefined;
    if (slot.usedIn !== this.#epoch) this.#touch(slot);
    for (let { entry } = slot; entry !== undefined; entry = entry.next)
      if (entry.scope.view === scope.view && entry.scope.tenantId === scope.tenantId) return entry;
    return undefined;
  }

  /** The first of all entries of an id, of every tenant, without using it. */
  first(id: string): UserEntry | undefined {
    return this.#byId.get(id)?.entry;
  }

  /** The version remembered of an id. Undefined: none is, or the user is in memory. */
  floor(tenantId: string, id: string): SeenFloor | undefined {
    const slot = this.#byId.get(id);
    return slot && floorOf(slot, tenantId);
  }

  /** Adds an entry, and keeps of the id's others in this tenant those of other views that show the same version. */
  put(scope: UserScope, id: string, { user, readAtMs }: CachedUser): void {
    const { tenantId, view } = scope;
    const isMerged = user.id !== id;
    // The id inside the user is the same text: with it as key, one string less is kept.
    const slot = this.#byId.get(id) ?? this.#begin(isMerged ? id : user.id);
    if (slot.entry !== undefined)
      this.#keep(
        slot,
        ({ scope: of, user: other }) =>
          of.tenantId !== tenantId ||
          (of.view !== view && other.id === user.id && other.version === user.version),
      );
    if (!isMerged && slot.floor !== undefined) slot.floor = without(slot.floor, tenantId);
    const bytes = estimateBytes(user);
    const shared = this.#toShared(scope, isMerged);
    slot.entry = { user, readAtMs, scope: shared, next: slot.entry, bytes };
    slot.usedIn = this.#epoch;
    this.#bytes += bytes;
    this.#settle(slot);
    // What is larger than the whole memory is not kept at all.
    if (bytes > this.#options.maxBytes) this.#evict(slot);
    this.#trim();
    this.#putsLeft -= 1;
    if (this.#putsLeft > 0) return;
    this.#putsLeft = this.#putsPerEpoch;
    this.#epoch += 1;
  }

  /** Remembers the version unless a higher one is remembered. */
  raise(tenantId: string, id: string, floor: SeenFloor): void {
    this.#raise(this.#byId.get(id) ?? this.#begin(id), tenantId, floor);
    this.#trim();
  }

  /** Forgets the users of an id in this tenant. */
  forget(tenantId: string, id: string): void {
    const slot = this.#byId.get(id);
    if (slot?.entry === undefined) return;
    this.#keep(slot, ({ scope }) => scope.tenantId !== tenantId);
    this.#settle(slot);
  }

  /** Every entry with its id, those that are to leave last first. */
  *all(): Iterable<[string, UserEntry]> {
    for (let slot = this.#held.newest; slot !== undefined; slot = slot.older)
      for (let { entry } = slot; entry !== undefined; entry = entry.next) yield [slot.id, entry];
  }

  clear(): void {
    this.#byId.clear();
    for (const list of [this.#held, this.#seen]) list.clear();
    this.#bytes = 0;
  }

  get size(): { entries: number; bytes: number; seenVersions: number } {
    return { entries: this.#held.size, bytes: this.#bytes, seenVersions: this.#seen.size };
  }

  #begin(id: string): Slot {
    const slot = new Slot(id);
    this.#byId.set(id, slot);
    return slot;
  }

  #touch(slot: Slot): void {
    slot.usedIn = this.#epoch;
    slot.list?.add(slot);
  }

  /** Puts the slot where it belongs by what it holds, as the newest; nowhere, where it holds nothing. */
  #settle(slot: Slot): void {
    if (slot.entry !== undefined) this.#held.add(slot);
    else if (slot.floor !== undefined) this.#seen.add(slot);
    else {
      slot.list?.remove(slot);
      this.#byId.delete(slot.id);
    }
  }

  #trim(): void {
    const { maxEntries, maxBytes, maxSeenVersions } = this.#options;
    while (this.#held.size > maxEntries || this.#bytes > maxBytes) this.#evict(this.#held.oldest as Slot);
    while (this.#seen.size > maxSeenVersions) {
      const { oldest } = this.#seen;
      (oldest as Slot).floor = undefined;
      this.#settle(oldest as Slot);
    }
  }

  /** Forgets its users, and remembers their versions. */
  #evict(slot: Slot): void {
    let { entry } = slot;
    slot.entry = undefined;
    for (; entry !== undefined; entry = entry.next) {
      const { user, readAtMs, bytes } = entry;
      this.#bytes -= bytes;
      const own = user.id === slot.id ? slot : (this.#byId.get(user.id) ?? this.#begin(user.id));
      this.#raise(own, user.tenantId, { version: user.version, seenAtMs: readAtMs });
    }
    this.#settle(slot);
  }

  #raise(slot: Slot, tenantId: string, { version, seenAtMs }: SeenFloor): void {
    const known = floorOf(slot, tenantId);
    if (known === undefined || known.version < version) {
      const next = known === undefined ? slot.floor : without(slot.floor, tenantId);
      slot.floor = { tenantId, version, seenAtMs, next };
    }
    this.#settle(slot);
  }

  #keep(slot: Slot, isKept: (entry: UserEntry) => boolean): void {
    let kept: UserEntry | undefined;
    for (let { entry } = slot; entry !== undefined; entry = entry.next)
      if (isKept(entry)) kept = { ...entry, next: kept };
      else this.#bytes -= entry.bytes;
    slot.entry = kept;
  }

  #toShared({ tenantId, view }: UserScope, isMerged: boolean): SharedScope {
    const shared = this.#scopes.get(tenantId) ?? [];
    for (const scope of shared) if (scope.view === view && scope.isMerged === isMerged) return scope;
    const scope = { tenantId, view, isMerged };
    this.#scopes.set(tenantId, [...shared, scope]);
    return scope;
  }
}

function floorOf(slot: Slot, tenantId: string): FloorLink | undefined {
  let { floor } = slot;
  while (floor !== undefined && floor.tenantId !== tenantId) floor = floor.next;
  return floor;
}

function without(floor: FloorLink | undefined, tenantId: string): FloorLink | undefined {
  let others: FloorLink | undefined;
  for (let link = floor; link !== undefined; link = link.next)
    if (link.tenantId !== tenantId) others = { ...link, next: others };
  return others;
}
