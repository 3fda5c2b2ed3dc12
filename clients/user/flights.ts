import { admit } from './admission.ts';
import type { CachedUser } from './cached-user.ts';
import type { ClientCounters } from './counters.ts';
import { AnswerMalformedError, VersionNotReachedError } from './judge.ts';
import { toCacheKey, type UserCache, VIEWS } from './user-cache.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** A read on its way, and who waits for it. */
interface Flight {
  readonly key: string;
  readonly scope: UserScope;
  readonly read: UserRead;
  /** What was held when it left, for the answer `unchanged`. */
  readonly held: CachedUser | undefined;
  readonly answer: Promise<UserAnswer>;
  readonly land: (answer: UserAnswer) => void;
  /** The id was invalidated meanwhile: those who wait are answered, and nothing is kept. */
  isDiscarded: boolean;
}

/** What Flights needs besides the reader and the cache. */
export interface FlightsContext {
  timeoutMs: number;
  clock: Clock;
  counters: ClientCounters;
}

/** The reads on their way, one per tenant, view and id, however many wait. Flights never reject. */
export class Flights {
  readonly #byKey = new Map<string, Flight>();
  readonly #next: UserReader;
  readonly #cache: UserCache;
  readonly #context: FlightsContext;

  constructor(next: UserReader, cache: UserCache, context: FlightsContext) {
    this.#next = next;
    this.#cache = cache;
    this.#context = context;
  }

  /** Joins the flights that will do, and begins one for all other reads together. */
  join(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Map<UserRead, Promise<UserAnswer>> {
    const answers = new Map<UserRead, Promise<UserAnswer>>();
    const begun: Flight[] = [];
    const { counters } = this.#context;
    for (const read of reads) {
      const flying = this.#byKey.get(toCacheKey(scope, read.id));
      const isEnough = flying !== undefined && flying.read.minVersion >= read.minVersion;
      const flight = isEnough ? flying : this.#begin(scope, read);
      if (isEnough) counters.coalesced += 1;
      else begun.push(flight);
      answers.set(read, flight.answer);
    }
    counters.misses += begun.length;
    if (begun.length > 0) this.#fly(scope, begun, call.deadlineAtMs);
    return answers;
  }

  /** Begins a read that nobody waits for. Undefined: one is on its way. */
  refresh(scope: UserScope, id: string): Promise<UserAnswer> | undefined {
    if (this.#byKey.has(toCacheKey(scope, id))) return undefined;
    const flight = this.#begin(scope, { id, minVersion: 0n });
    this.#fly(scope, [flight], 0);
    return flight.answer;
  }

  /** Lets the flights of an id leave nothing behind, and nobody else join them. */
  discard(tenantId: string, id: string): void {
    for (const flight of this.of(tenantId, id)) {
      flight.isDiscarded = true;
      this.#byKey.delete(flight.key);
    }
  }

  /** Lets nobody else join what is on its way for these tenants: it may bring what was true before. */
  closeDoors(tenantIds: readonly string[]): void {
    for (const flight of this.#byKey.values())
      if (tenantIds.includes(flight.scope.tenantId)) this.#byKey.delete(flight.key);
  }

  /** What is on its way for an id, in every view. */
  of(tenantId: string, id: string): Flight[] {
    return VIEWS.flatMap((view) => this.#byKey.get(toCacheKey({ tenantId, view }, id)) ?? []);
  }

  #begin(scope: UserScope, read: UserRead): Flight {
    const key = toCacheKey(scope, read.id);
    const held = this.#cache.getUser(scope, read.id);
    const isComparable =
      held !== undefined && held.user.id === read.id && held.user.version >= read.minVersion;
    const { promise: answer, resolve: land } = Promise.withResolvers<UserAnswer>();
    const flown = isComparable ? { ...read, knownVersion: held.user.version } : read;
    const flight = { key, scope, read: flown, held, answer, land, isDiscarded: false };
    this.#byKey.set(key, flight);
    return flight;
  }

  async #fly(scope: UserScope, flights: readonly Flight[], callDeadlineAtMs: number): Promise<void> {
    const { clock, timeoutMs } = this.#context;
    const deadlineAtMs = Math.max(callDeadlineAtMs, clock() + timeoutMs);
    const reads = flights.map((flight) => flight.read);
    const answers = await this.#ask(scope, reads, deadlineAtMs);
    for (const [i, flight] of flights.entries()) {
      this.#settle(flight, answers[i] ?? unanswered(), deadlineAtMs)
        .catch((error): UserAnswer => ({ outcome: 'failed', error }))
        .then((settled) => {
          if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
          flight.land(settled);
        });
    }
  }

  /** Where something newer is known than what came, asks once more for that. */
  async #settle(flight: Flight, answer: UserAnswer, deadlineAtMs: number): Promise<UserAnswer> {
    const { scope, read, isDiscarded } = flight;
    if (isDiscarded) this.#context.counters.discarded += 1;
    const kept = admit(this.#cache, { scope, read, isKept: !isDiscarded }, toFound(answer, flight.held));
    if (kept !== undefined) return kept;
    this.#context.counters.discarded += 1;
    const floor = this.#cache.getFloor(scope.tenantId, read.id)?.version ?? 0n;
    const needed = { id: read.id, minVersion: floor > read.minVersion ? floor : read.minVersion };
    const [again] = await this.#ask(scope, [needed], deadlineAtMs);
    const accepted = again && admit(this.#cache, { scope, read: needed, isKept: !flight.isDiscarded }, again);
    return accepted ?? { outcome: 'failed', error: new VersionNotReachedError(read.id, needed.minVersion) };
  }

  async #ask(
    scope: UserScope,
    reads: readonly UserRead[],
    deadlineAtMs: number,
  ): Promise<readonly UserAnswer[]> {
    try {
      return await this.#next.readMany(scope, reads, { deadlineAtMs });
    } catch (error) {
      return reads.map(() => ({ outcome: 'failed', error }));
    }
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
