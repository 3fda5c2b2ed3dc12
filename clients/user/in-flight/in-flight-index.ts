import type { SeenFloor } from '../cache/store/lru-store.ts';
import type { SeenChange } from '../cache/store/touched-views.ts';
import type { CachedUser } from '../model/cached-user.ts';
import type { UserRead } from '../model/user-reader.ts';
import type { Batch } from './batcher.ts';
import type { Gathering } from './pending-answers.ts';

/** Where the answer of a flight is waited for, and who came next. */
export interface Place {
  readonly gathering: Pick<Gathering, 'put'>;
  readonly at: number;
  next: Place | undefined;
}

/** Who answered for an id that was merged away, and when. */
export interface Survivor {
  readonly id: string;
  readonly readAtMs: number;
}

/** A read on its way, and who waits for it. */
export interface Flight {
  /** What those who wait want. */
  readonly wanted: UserRead;
  /** What the service is asked. */
  read: UserRead;
  readonly batch: Batch<Flight>;
  /** What was held when it left, for the answer `unchanged`. */
  held: CachedUser | undefined;
  /** The highest version that was told while it was on its way. */
  told: SeenFloor | undefined;
  /** The changes that were told meanwhile, the latest of them where they were many. Undefined: none. */
  changes: SeenChange[] | undefined;
  /** Who is asked in place of the id, because it is known to be newer than it was answered. */
  survivor: Survivor | undefined;
  readonly beganAtMs: number;
  first: Place;
  last: Place;
  /** Whether others may come to wait for it too. */
  isJoinable: boolean;
  /** The id was invalidated meanwhile: those who wait are answered, and nothing is kept. */
  isDiscarded: boolean;
  /** Another one of the same id. */
  next: Flight | undefined;
}

/**
 * The reads on their way, each until it lands, so that of those that have landed nothing stays. All of an id stand in one chain,
 * in every tenant, view and version wanted, which is found by the caller's own string without building a key.
 */
export class FlightBoard {
  readonly #firsts = new Map<string, Flight>();

  /** The first on its way for an id, of every tenant and view. */
  first(id: string): Flight | undefined {
    return this.#firsts.get(id);
  }

  /** What is on its way for an id of this tenant, in every view. */
  of(tenantId: string, id: string): Flight[] {
    const flights: Flight[] = [];
    for (let flight = this.first(id); flight !== undefined; flight = flight.next)
      if (flight.batch.scope.tenantId === tenantId) flights.push(flight);
    return flights;
  }

  *all(): Iterable<Flight> {
    for (const first of this.#firsts.values())
      for (let flight: Flight | undefined = first; flight !== undefined; flight = flight.next) yield flight;
  }

  add(flight: Flight): void {
    const { id } = flight.wanted;
    flight.next = this.#firsts.get(id);
    this.#firsts.set(id, flight);
  }

  remove(flight: Flight): void {
    const { id } = flight.wanted;
    const first = this.#firsts.get(id);
    if (first !== flight) unlink(first, flight);
    else if (flight.next === undefined) this.#firsts.delete(id);
    else this.#firsts.set(id, flight.next);
    flight.next = undefined;
  }
}

function unlink(first: Flight | undefined, flight: Flight): void {
  let before = first;
  while (before !== undefined && before.next !== flight) before = before.next;
  if (before !== undefined) before.next = flight.next;
}
