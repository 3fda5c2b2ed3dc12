import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { admit } from '../store/accept-answer.ts';
import type { SeenFloor } from '../store/known-versions.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Batch } from './batcher.ts';
import type { Deadlines } from './deadline-timers.ts';
import type { FlightBoard } from './in-flight-index.ts';
import {
  type Flight,
  isNotReached,
  type Place,
  type Survivor,
  since,
  toFound,
  toRaised,
} from './in-flight-read.ts';
import { Gathering, unanswered } from './pending-answers.ts';

/** Stands for those who waited. */
const NOBODY: Place = { gathering: { put: () => {} }, at: 0, next: undefined };

/** What the sender works with. */
export interface ReadSenderContext {
  board: FlightBoard;
  counters: ClientCounters;
  deadlines: Deadlines;
  /** Whether a version that is known of a user still binds where the service says that it does not exist. Absent: always. */
  isBinding?: (tenantId: string, floor: SeenFloor) => boolean;
}

/** Sends batches of reads to the service, and settles each read with its answer. */
export class ReadSender {
  readonly #next: UserReader;
  readonly #cache: UserCache;
  readonly #context: ReadSenderContext;

  constructor(next: UserReader, cache: UserCache, context: ReadSenderContext) {
    this.#next = next;
    this.#cache = cache;
    this.#context = context;
  }

  async fly(batch: Batch<Flight>, flights: readonly Flight[]): Promise<void> {
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
    this.#context.board.remove(flight);
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
