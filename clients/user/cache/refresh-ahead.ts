import type { Flights } from '../in-flight/in-flight-reads.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { Clock, UserScope } from '../model/user-reader.ts';

/** Most reads that nobody waits for on their way at once: what one BatchGetUsers takes. */
const MAX_REFRESHES = 500;
/** Time in ms without refreshing after one failed: whoever needs the user asks when its life is over. */
const PAUSE_MS = 1_000;

/** What refreshing needs. */
interface RefreshContext {
  clock: Clock;
  counters: ClientCounters;
  /** Whether the service can be asked at all. */
  isAway: () => boolean;
}

/** Reads users anew that are in use and soon too old, so that nobody has to wait for them. Never throws. */
export class RefreshAhead {
  readonly #flights: Flights;
  readonly #context: RefreshContext;
  #onTheWay = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(flights: Flights, context: RefreshContext) {
    this.#flights = flights;
    this.#context = context;
  }

  /** Reads the user in the background, unless that is being done, too much is, or the service is away. */
  refresh(scope: UserScope, id: string): void {
    const { clock, counters, isAway } = this.#context;
    if (this.#onTheWay >= MAX_REFRESHES || clock() < this.#pausedUntilMs || isAway()) return;
    const isBegun = this.#flights.refresh(scope, id, ({ outcome }) => {
      this.#onTheWay -= 1;
      if (outcome === 'failed') this.#pausedUntilMs = clock() + PAUSE_MS;
    });
    if (!isBegun) return;
    counters.refreshes += 1;
    this.#onTheWay += 1;
  }
}
