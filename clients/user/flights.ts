import type { ClientCounters } from './counters.ts';
import { AnswerMalformedError, VersionNotReachedError } from './judge.ts';
import { type CachedUser, isNewer, toCacheKey, type UserCache, VIEWS } from './user-cache.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** A read on its way, and who waits for it. */
interface Flight {
  readonly key: string;
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

/** The reads on their way, one per key, and the gate through which answers enter the cache. Flights never reject. */
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
    if (begun.length > 0) this.#fly(scope, begun, call);
    return answers;
  }

  /** Lets the flights of an id leave nothing behind, and nobody else join them. */
  discard(tenantId: string, id: string): void {
    for (const view of VIEWS) {
      const key = toCacheKey({ tenantId, view }, id);
      const flight = this.#byKey.get(key);
      if (flight !== undefined) flight.isDiscarded = true;
      this.#byKey.delete(key);
    }
  }

  /** Keeps an answer unless something newer is known; then answers undefined. */
  accept(
    scope: UserScope,
    id: string,
    answer: UserAnswer,
    minVersion = 0n,
    isKept = true,
  ): UserAnswer | undefined {
    if (answer.outcome !== 'found' && answer.outcome !== 'missing') return answer;
    const newest = this.#cache.getNewest(scope, id);
    if (answer.outcome === 'missing') {
      if (minVersion > 0n || (newest !== undefined && newest.readAtMs > answer.readAtMs)) return undefined;
      if (isKept) this.#cache.putMissing(scope, id, answer.readAtMs);
      return answer;
    }
    const entry = { user: answer.user, readAtMs: answer.readAtMs };
    if ((newest !== undefined && isNewer(newest, entry)) || !reaches(entry, id, minVersion)) return undefined;
    if (isKept) this.#cache.putUser(scope, id, entry);
    return answer;
  }

  #begin(scope: UserScope, read: UserRead): Flight {
    const key = toCacheKey(scope, read.id);
    const held = this.#cache.getUser(key);
    const isComparable =
      held !== undefined && held.user.id === read.id && held.user.version >= read.minVersion;
    const { promise: answer, resolve: land } = Promise.withResolvers<UserAnswer>();
    const flown = isComparable ? { ...read, knownVersion: held.user.version } : read;
    const flight = { key, read: flown, held, answer, land, isDiscarded: false };
    this.#byKey.set(key, flight);
    return flight;
  }

  async #fly(scope: UserScope, flights: readonly Flight[], call: ReadCall): Promise<void> {
    const { clock, timeoutMs } = this.#context;
    const deadlineAtMs = Math.max(call.deadlineAtMs, clock() + timeoutMs);
    const answers = await this.#ask(
      scope,
      flights.map((flight) => flight.read),
      deadlineAtMs,
    );
    for (const [i, flight] of flights.entries()) {
      const answer = answers[i] ?? {
        outcome: 'failed',
        error: new AnswerMalformedError('an id has no answer'),
      };
      this.#settle(scope, flight, answer, deadlineAtMs)
        .catch((error): UserAnswer => ({ outcome: 'failed', error }))
        .then((settled) => {
          if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
          flight.land(settled);
        });
    }
  }

  /** Where something newer is known than what came, asks once more for that. */
  async #settle(
    scope: UserScope,
    flight: Flight,
    answer: UserAnswer,
    deadlineAtMs: number,
  ): Promise<UserAnswer> {
    const { id, minVersion } = flight.read;
    if (flight.isDiscarded) this.#context.counters.discarded += 1;
    const kept = this.accept(scope, id, toFound(answer, flight.held), minVersion, !flight.isDiscarded);
    if (kept !== undefined) return kept;
    this.#context.counters.discarded += 1;
    const newest = this.#cache.getNewest(scope, id)?.user;
    const needed = newest?.id === id && newest.version > minVersion ? newest.version : minVersion;
    const [again] = await this.#ask(scope, [{ id, minVersion: needed }], deadlineAtMs);
    const accepted = again && this.accept(scope, id, again, needed, !flight.isDiscarded);
    return accepted ?? { outcome: 'failed', error: new VersionNotReachedError(id, needed) };
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

/** The survivor of a merge has versions of its own, which say nothing about those of the id asked for. */
export function reaches({ user }: CachedUser, id: string, minVersion: bigint): boolean {
  return user.id !== id || user.version >= minVersion;
}

function toFound(answer: UserAnswer, held: CachedUser | undefined): UserAnswer {
  if (answer.outcome !== 'unchanged') return answer;
  if (held?.user.version === answer.version) {
    return { outcome: 'found', user: held.user, readAtMs: answer.readAtMs, source: 'service' };
  }
  return { outcome: 'failed', error: new AnswerMalformedError(`version ${answer.version} was never held`) };
}
