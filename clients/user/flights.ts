import { admit } from './admission.ts';
import type { CachedUser } from './cached-user.ts';
import type { ClientCounters } from './counters.ts';
import { FlightBoard } from './flight-board.ts';
import type { Gathering } from './gathering.ts';
import { AnswerMalformedError, VersionNotReachedError } from './judge.ts';
import { type UserCache, VIEWS } from './user-cache.ts';
import type { Clock, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** Where the answer of a flight is waited for. */
interface Place {
  readonly gathering: Pick<Gathering, 'put'>;
  readonly at: number;
}

/** Who wants to fly. */
interface Boarding {
  /** What need not be asked, by the place of the read. */
  readonly known: readonly (UserAnswer | undefined)[];
  readonly gathering: Gathering;
  readonly deadlineAtMs: number;
}

/** A read on its way, and who waits for it. */
interface Flight {
  readonly scope: UserScope;
  readonly read: UserRead;
  /** What was held when it left, for the answer `unchanged`. */
  readonly held: CachedUser | undefined;
  readonly waiting: Place[];
  /** The id was invalidated meanwhile: those who wait are answered, and nothing is kept. */
  isDiscarded: boolean;
}

/** What Flights needs besides the reader and the cache. */
export interface FlightsContext {
  timeoutMs: number;
  clock: Clock;
  counters: ClientCounters;
}

/** The reads on their way, one per tenant, view and id, however many wait. Each of them lands. */
export class Flights {
  readonly #board = new FlightBoard<Flight>();
  readonly #next: UserReader;
  readonly #cache: UserCache;
  readonly #context: FlightsContext;

  constructor(next: UserReader, cache: UserCache, context: FlightsContext) {
    this.#next = next;
    this.#cache = cache;
    this.#context = context;
  }

  /** Joins the flights that will do, and begins one for all other reads together. What is known is left out. */
  join(scope: UserScope, reads: readonly UserRead[], { known, gathering, deadlineAtMs }: Boarding): void {
    const begun: Flight[] = [];
    const { counters } = this.#context;
    for (let at = 0; at < reads.length; at++) {
      if (known[at] !== undefined) continue;
      const read = reads[at] as UserRead;
      const flying = this.#board.get(scope, read.id);
      const place = { gathering, at };
      if (flying !== undefined && flying.read.minVersion >= read.minVersion) {
        flying.waiting.push(place);
        counters.coalesced += 1;
      } else begun.push(this.#begin(scope, read, place));
    }
    counters.misses += begun.length;
    if (begun.length > 0) this.#fly(scope, begun, deadlineAtMs);
  }

  /** Begins a read that no caller waits for. False: one is on its way. */
  refresh(scope: UserScope, id: string, landed: (answer: UserAnswer) => void): boolean {
    if (this.#board.get(scope, id) !== undefined) return false;
    const gathering = { put: (_at: number, answer: UserAnswer) => landed(answer) };
    this.#fly(scope, [this.#begin(scope, { id, minVersion: 0n }, { gathering, at: 0 })], 0);
    return true;
  }

  /** Lets the flights of an id leave nothing behind, and nobody else join them. */
  discard(tenantId: string, id: string): void {
    for (const flight of this.of(tenantId, id)) {
      flight.isDiscarded = true;
      this.#board.remove(flight.scope, id, flight);
    }
  }

  /** Lets nobody else join what is on its way for these tenants: it may bring what was true before. */
  closeDoors(tenantIds: readonly string[]): void {
    this.#board.clear(tenantIds);
  }

  /** What is on its way for an id, in every view. */
  of(tenantId: string, id: string): Flight[] {
    return VIEWS.flatMap((view) => this.#board.get({ tenantId, view }, id) ?? []);
  }

  #begin(scope: UserScope, read: UserRead, place: Place): Flight {
    const held = this.#cache.getUser(scope, read.id);
    const isComparable =
      held !== undefined && held.user.id === read.id && held.user.version >= read.minVersion;
    const flown = isComparable ? { ...read, knownVersion: held.user.version } : read;
    const flight = { scope, read: flown, held, waiting: [place], isDiscarded: false };
    this.#board.put(scope, read.id, flight);
    return flight;
  }

  #fly(scope: UserScope, flights: readonly Flight[], callDeadlineAtMs: number): void {
    const { clock, timeoutMs } = this.#context;
    const deadlineAtMs = Math.max(callDeadlineAtMs, clock() + timeoutMs);
    const reads = flights.map((flight) => flight.read);
    this.#ask(scope, reads, deadlineAtMs).then((answers) => {
      for (let i = 0; i < flights.length; i++)
        this.#settle(flights[i] as Flight, answers[i] ?? unanswered(), deadlineAtMs);
    });
  }

  #settle(flight: Flight, answer: UserAnswer, deadlineAtMs: number): void {
    const { scope, read, isDiscarded } = flight;
    if (isDiscarded) this.#context.counters.discarded += 1;
    const kept = this.#admit(flight, read, toFound(answer, flight.held));
    if (kept === undefined) {
      this.#context.counters.discarded += 1;
      const floor = this.#cache.getFloor(scope.tenantId, read.id)?.version ?? 0n;
      const minVersion = floor > read.minVersion ? floor : read.minVersion;
      this.#askAgain(flight, { id: read.id, minVersion }, deadlineAtMs);
    } else this.#land(flight, kept);
  }

  /** Something newer is known than what came: asks once more, for that. */
  async #askAgain(flight: Flight, read: UserRead, deadlineAtMs: number): Promise<void> {
    const [again = unanswered()] = await this.#ask(flight.scope, [read], deadlineAtMs);
    const error = new VersionNotReachedError(read.id, read.minVersion);
    this.#land(flight, this.#admit(flight, read, again) ?? { outcome: 'failed', error });
  }

  #admit({ scope, isDiscarded }: Flight, read: UserRead, answer: UserAnswer): UserAnswer | undefined {
    try {
      return admit(this.#cache, { scope, read, isKept: !isDiscarded }, answer);
    } catch (error) {
      return { outcome: 'failed', error };
    }
  }

  #land(flight: Flight, answer: UserAnswer): void {
    this.#board.remove(flight.scope, flight.read.id, flight);
    for (const { gathering, at } of flight.waiting) gathering.put(at, answer);
  }

  #ask(scope: UserScope, reads: readonly UserRead[], deadlineAtMs: number): Promise<readonly UserAnswer[]> {
    return this.#next
      .readMany(scope, reads, { deadlineAtMs })
      .catch((error) => reads.map(() => ({ outcome: 'failed', error })));
  }
}

function unanswered(): UserAnswer {
  return { outcome: 'failed', error: new AnswerMalformedError('an id has no answer') };
}

function toFound(answer: UserAnswer, held: CachedUser | undefined): UserAnswer {
  if (answer.outcome !== 'unchanged') return answer;
  if (held?.user.version === answer.version) {
    return { outcome: 'found', user: held.user, readAtMs: answer.readAtMs, source: 'service' };
  }
  return { outcome: 'failed', error: new AnswerMalformedError(`version ${answer.version} was never held`) };
}
