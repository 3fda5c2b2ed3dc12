import { admit } from '../cache/store/accept-answer.ts';
import type { SeenFloor } from '../cache/store/lru-store.ts';
import type { SeenChange } from '../cache/store/touched-views.ts';
import type { UserCache } from '../cache/store/user-cache.ts';
import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { type Batch, Batches, type BatchingOptions } from './batcher.ts';
import { type Deadlines, sharedDeadlineMs } from './deadline-timers.ts';
import { isNotReached, noteTold, since, toFlown, toFound, toRaised, unanswered } from './flight-answers.ts';
import { type Flight, FlightBoard, type Place, type Survivor } from './in-flight-index.ts';
import { Gathering } from './pending-answers.ts';

/** Stands for those who waited. */
const NOBODY: Place = { gathering: { put: () => {} }, at: 0, next: undefined };

/** Who wants to fly. */
interface Boarding {
  /** What need not be asked, by the place of the read. */
  readonly known: readonly (UserAnswer | undefined)[];
  readonly gathering: Gathering;
  readonly deadlineAtMs: number;
  readonly nowMs: number;
}

/** What Flights needs besides the reader and the cache. */
export interface FlightsContext extends BatchingOptions {
  timeoutMs: number;
  clock: Clock;
  counters: ClientCounters;
  deadlines: Deadlines;
  /** Whether a version that is known of a user still binds where the service says that it does not exist. Absent: always. */
  isBinding?: (tenantId: string, floor: SeenFloor) => boolean;
}

/**
 * The reads on their way, one per tenant, view, id and version demanded, however many wait. Those that callers want within the
 * same window leave together. Each of them lands, at its deadline at the latest: where all of a batch fails, each of its reads
 * has failed.
 */
export class Flights {
  readonly #board = new FlightBoard();
  readonly #next: UserReader;
  readonly #cache: UserCache;
  readonly #context: FlightsContext;
  readonly #batches: Batches<Flight>;

  constructor(next: UserReader, cache: UserCache, context: FlightsContext) {
    this.#next = next;
    this.#cache = cache;
    this.#context = context;
    this.#batches = new Batches(context, (batch, part) => this.#fly(batch, part));
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

  async #fly(batch: Batch<Flight>, flights: readonly Flight[]): Promise<void> {
    const { scope, deadlineAtMs } = batch;
    const isPart = flights.length < batch.flights.length;
    const { counters } = this.#context;
    const overtaken: Flight[] = [];
    const reads = flights.map(({ read }) => read);
    const answers = await this.#ask(scope, reads, { deadlineAtMs, ...(isPart && { read: batch }) });
    for (let i = 0; i < flights.length; i++) {
      const flight = flights[i] as Flight;
      if (flight.isDiscarded) counters.discarded += 1;
      const came = answers[i] as UserAnswer;
      // The version that is `unchanged` was of another database.
      const isVoid = came.outcome === 'unchanged' && flight.isDiscarded && flight.held === undefined;
      const answer = isVoid ? came : toRaised(toFound(came, flight.held), flight, this.#cache);
      const kept = isVoid ? undefined : this.#admit(flight, answer);
      if (kept !== undefined) this.#land(flight, kept);
      else {
        flight.survivor = this.#toNewerSurvivor(flight, answer);
        overtaken.push(flight);
      }
    }
    if (overtaken.length > 0) this.#flyAgain(overtaken, deadlineAtMs);
  }

  /** Something newer is known than what came: asks once more, for that. */
  #flyAgain(flights: readonly Flight[], deadlineAtMs: number): void {
    this.#context.counters.discarded += flights.length;
    for (const flight of flights) {
      // The service has looked at the version that was wanted of the id itself.
      const { id, minVersion } = flight.survivor ? { id: flight.survivor.id, minVersion: 0n } : flight.wanted;
      this.#remind(flight);
      const floor = this.#cache.getFloor(flight.batch.scope.tenantId, id)?.version ?? 0n;
      flight.read = { id, minVersion: floor > minVersion ? floor : minVersion };
    }
    const kindOf = ({ survivor, read }: Flight) => (survivor ? 'survivors' : read.minVersion > 0n);
    for (const part of Map.groupBy(flights, kindOf).values()) this.#flyLast(part, deadlineAtMs);
  }

  async #flyLast(flights: readonly Flight[], deadlineAtMs: number): Promise<void> {
    const { scope } = (flights[0] as Flight).batch;
    // Several ids may have one survivor.
    const reads = new Map(flights.map(({ read }) => [read.id, read]));
    const answers = await this.#ask(scope, [...reads.values()], { deadlineAtMs, isCutShort: true });
    const byId = new Map([...reads.keys()].map((id, i) => [id, answers[i] as UserAnswer]));
    for (const flight of flights) {
      const { read, survivor } = flight;
      const error = new VersionNotReachedError(read.id, read.minVersion);
      const found = toRaised(toFound(byId.get(read.id) as UserAnswer, undefined), flight, this.#cache);
      const answer = since(survivor, found);
      const kept = this.#admit(flight, answer);
      if (kept === undefined || isNotReached(kept)) this.#doubt(scope.tenantId, flight);
      this.#land(flight, kept ?? { outcome: 'failed', error });
    }
  }

  /** The service says that the version does not exist which is known here: its database went back unseen, or it errs. */
  #doubt(tenantId: string, { read, wanted }: Flight): void {
    const floor = this.#cache.getFloor(tenantId, read.id);
    if (floor === undefined || floor.version <= wanted.minVersion) return;
    if (this.#context.isBinding?.(tenantId, floor) === false) this.#cache.disown(tenantId, read.id);
  }

  /** Where the survivor of a merge answered that is known to be newer. */
  #toNewerSurvivor({ wanted }: Flight, answer: UserAnswer): Survivor | undefined {
    if (answer.outcome !== 'found' || answer.user.id === wanted.id) return undefined;
    const { id, tenantId, version } = answer.user;
    const floor = this.#cache.getFloor(tenantId, id);
    return floor && floor.version > version ? { id, readAtMs: answer.readAtMs } : undefined;
  }

  #remind({ batch, wanted, told }: Flight): void {
    if (told !== undefined) this.#cache.see(batch.scope.tenantId, wanted.id, told);
  }

  #admit(flight: Flight, answer: UserAnswer): UserAnswer | undefined {
    const { batch, wanted, read, isDiscarded } = flight;
    try {
      this.#remind(flight);
      return admit(this.#cache, { scope: batch.scope, id: wanted.id, read, isKept: !isDiscarded }, answer);
    } catch (error) {
      return { outcome: 'failed', error };
    }
  }

  #land(flight: Flight, answer: UserAnswer): void {
    this.#board.remove(flight);
    for (let place: Place | undefined = flight.first; place !== undefined; place = place.next)
      place.gathering.put(place.at, answer);
    // It outlives its landing: a map's outgrown table may still hold it, and would hold all answers of its batch.
    flight.first = NOBODY;
    flight.last = NOBODY;
    flight.held = undefined;
  }

  /** One answer for each, at the deadline at the latest: what stands below may not keep it. */
  #ask(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<readonly UserAnswer[]> {
    const { counters, deadlines } = this.#context;
    counters.batches += 1;
    counters.batchedIds += reads.length;
    const gathering = new Gathering(new Array(reads.length).fill(undefined), call, { deadlines });
    this.#readInto(gathering, scope, { reads, call });
    return gathering.answers;
  }

  async #readInto(
    gathering: Gathering,
    scope: UserScope,
    { reads, call }: { reads: readonly UserRead[]; call: ReadCall },
  ): Promise<void> {
    try {
      const answers = await this.#next.readMany(scope, reads, call);
      for (let at = 0; at < reads.length; at++) gathering.put(at, answers[at] ?? unanswered());
    } catch (error) {
      for (let at = 0; at < reads.length; at++) gathering.put(at, { outcome: 'failed', error });
    }
  }
}
