import type { Clock, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import type { SeenChange } from '../store/touched-views.ts';
import type { UserCache } from '../store/user-cache.ts';
import { type Batch, Batches, type BatchingOptions } from './batcher.ts';
import { sharedDeadlineMs } from './deadline-timers.ts';
import { FlightBoard } from './in-flight-index.ts';
import { type Flight, noteTold, type Place, toFlown } from './in-flight-read.ts';
import type { Gathering } from './pending-answers.ts';
import { ReadSender, type ReadSenderContext } from './read-sender.ts';

/** Who wants to fly. */
interface Boarding {
  /** What need not be asked, by the place of the read. */
  readonly known: readonly (UserAnswer | undefined)[];
  readonly gathering: Gathering;
  readonly deadlineAtMs: number;
  readonly nowMs: number;
}

/** What Flights needs besides the reader and the cache. */
interface FlightsContext extends BatchingOptions, Omit<ReadSenderContext, 'board'> {
  timeoutMs: number;
  clock: Clock;
}

/**
 * The reads on their way, one per tenant, view, id and version demanded, however many wait. Those that callers want within the
 * same window leave together. Each of them lands, at its deadline at the latest: where all of a batch fails, each of its reads
 * has failed.
 */
export class Flights {
  readonly #board = new FlightBoard();
  readonly #cache: UserCache;
  readonly #context: FlightsContext;
  readonly #batches: Batches<Flight>;

  constructor(next: UserReader, cache: UserCache, context: FlightsContext) {
    this.#cache = cache;
    this.#context = context;
    const sender = new ReadSender(next, cache, { ...context, board: this.#board });
    this.#batches = new Batches(context, (batch, part) => void sender.fly(batch, part));
  }

  /** Joins the flights that will do, and begins one for each other read. What is known is left out. */
  join(scope: UserScope, reads: readonly UserRead[], { known, gathering, ...times }: Boarding): void {
    const { counters, timeoutMs } = this.#context;
    const { nowMs } = times;
    const deadlineAtMs = sharedDeadlineMs(times.deadlineAtMs, { nowMs, timeoutMs });
    for (let at = 0; at < reads.length; at++) {
      if (known[at] !== undefined) continue;
      const read = reads[at] as UserRead;
      const place = { gathering, at, next: undefined };
      const flight = this.#find(scope, read, nowMs);
      if (flight !== undefined) {
        flight.last.next = place;
        flight.last = place;
        counters.coalesced += 1;
      } else {
        this.#begin(scope, read, { place, deadlineAtMs, nowMs });
        counters.misses += 1;
      }
    }
    this.#batches.close();
  }

  /** Begins a read that no caller waits for. False: one is on its way. */
  refresh(scope: UserScope, id: string, landed: (answer: UserAnswer) => void): boolean {
    const read = { id, minVersion: 0n };
    const nowMs = this.#context.clock();
    if (this.#find(scope, read, nowMs) !== undefined) return false;
    const place = {
      gathering: { put: (_: number, answer: UserAnswer) => landed(answer) },
      at: 0,
      next: undefined,
    };
    this.#begin(scope, read, { place, deadlineAtMs: nowMs + this.#context.timeoutMs, nowMs });
    this.#batches.close();
    return true;
  }

  /** Lets the flights of an id leave nothing behind, and nobody else join them. */
  discard(tenantId: string, id: string): void {
    for (const flight of this.of(tenantId, id)) {
      flight.isDiscarded = true;
      flight.isJoinable = false;
      this.#batches.shut(flight.batch);
    }
  }

  /** Lets the flights of an id remember a change: more is told meanwhile than the cache may hold. */
  tell(tenantId: string, id: string, change: SeenChange): void {
    for (let flight = this.#board.first(id); flight !== undefined; flight = flight.next)
      if (flight.batch.scope.tenantId === tenantId) noteTold(flight, change);
  }

  /** Lets nobody else join what is on its way for these tenants: it may bring what was true before. */
  closeDoors(tenantIds: readonly string[]): void {
    for (const flight of this.#board.all())
      if (tenantIds.includes(flight.batch.scope.tenantId)) flight.isJoinable = false;
    this.#batches.shutAll(tenantIds);
  }

  /** Lets all that is on its way bind nothing that comes later: the service's database is another one, or went back. */
  discardAll(): void {
    for (const flight of this.#board.all()) {
      flight.isDiscarded = true;
      flight.isJoinable = false;
      flight.held = undefined;
      flight.told = undefined;
      flight.changes = undefined;
    }
    this.#batches.shutEvery();
  }

  /** What is on its way for an id, in every view. */
  of(tenantId: string, id: string): Flight[] {
    return this.#board.of(tenantId, id);
  }

  /**
   * The flight that may be joined: of the same demand, because where that version does not exist the flight fails, and not older
   * than calls wait, because the rest of a longer deadline may be spent on an answer that was lost; nor from before the present era.
   */
  #find({ tenantId, view }: UserScope, { id, minVersion }: UserRead, nowMs: number): Flight | undefined {
    const beganAtMs = this.#cache.sharedFromMs(nowMs - this.#context.timeoutMs, nowMs);
    for (let flight = this.#board.first(id); flight !== undefined; flight = flight.next) {
      if (!flight.isJoinable || flight.beganAtMs < beganAtMs) continue;
      const { scope } = flight.batch;
      if (flight.wanted.minVersion === minVersion && scope.view === view && scope.tenantId === tenantId)
        return flight;
    }
    return undefined;
  }

  #begin(
    scope: UserScope,
    read: UserRead,
    { place, deadlineAtMs, nowMs }: { place: Place; deadlineAtMs: number; nowMs: number },
  ): void {
    const entry = this.#cache.getComparable(scope, read.id);
    // As it is now: the entry itself may be raised meanwhile, and `unchanged` is said of this version.
    const held = entry && { user: entry.user, readAtMs: entry.readAtMs };
    const batch = this.#openWithout(scope, read);
    const flight: Flight = {
      batch,
      wanted: read,
      read: toFlown(read, held),
      held,
      beganAtMs: nowMs,
      told: undefined,
      changes: undefined,
      survivor: undefined,
      first: place,
      last: place,
      isJoinable: true,
      isDiscarded: false,
      next: undefined,
    };
    if (batch.deadlineAtMs < deadlineAtMs) batch.deadlineAtMs = deadlineAtMs;
    batch.flights.push(flight);
    this.#board.add(flight);
  }

  /** The batch for this read: one that has the id already, of another demand, takes nobody in any more. */
  #openWithout(scope: UserScope, { id, minVersion }: UserRead): Batch<Flight> {
    const batch = this.#batches.open(scope, minVersion > 0n);
    for (let flight = this.#board.first(id); flight !== undefined; flight = flight.next)
      if (flight.batch === batch) this.#batches.shut(batch);
    return batch.isOpen ? batch : this.#batches.open(scope, minVersion > 0n);
  }
}
