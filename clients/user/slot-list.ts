import type { UserEntry } from './user-entry.ts';

/** The highest version of a user that is known to exist. */
export interface SeenFloor {
  readonly version: bigint;
  /** Point on the client's clock at which that was known. */
  readonly seenAtMs: number;
}

/** A floor in one tenant, and those in the others that have the same id. */
export interface FloorLink extends SeenFloor {
  readonly tenantId: string;
  readonly next: FloorLink | undefined;
}

/** All that is known of one id, of every tenant. A class, so that all of them are of one kind and small. */
export class Slot {
  readonly id: string;
  /** What is in memory of it. */
  entry: UserEntry | undefined = undefined;
  /** Versions that are known to exist, and not in memory. */
  floor: FloorLink | undefined = undefined;
  /** The epoch in which it was last used. */
  usedIn = 0;
  /** Where it stands, between these neighbours. */
  list: SlotList | undefined = undefined;
  newer: Slot | undefined = undefined;
  older: Slot | undefined = undefined;

  constructor(id: string) {
    this.id = id;
  }
}

/** Slots in the order of their use. The links are in the slots: to move one costs no look into a map. */
export class SlotList {
  newest: Slot | undefined;
  oldest: Slot | undefined;
  size = 0;

  /** Takes it from where it stands, and makes it the newest here. */
  add(slot: Slot): void {
    slot.list?.remove(slot);
    slot.list = this;
    slot.older = this.newest;
    if (this.newest === undefined) this.oldest = slot;
    else this.newest.newer = slot;
    this.newest = slot;
    this.size += 1;
  }

  remove(slot: Slot): void {
    const { newer, older } = slot;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    slot.newer = undefined;
    slot.older = undefined;
    slot.list = undefined;
    this.size -= 1;
  }

  clear(): void {
    this.newest = undefined;
    this.oldest = undefined;
    this.size = 0;
  }
}
