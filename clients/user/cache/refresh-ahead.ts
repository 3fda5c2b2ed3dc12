import type { InFlightReads } from '../in-flight/in-flight-reads.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { Clock, UserScope } from '../model/user-reader.ts';

/** Most background reads in flight at once: the ids of one BatchGetUsers. */
const MAX_REFRESHES = 500;
/** Time in ms without background reads after one failed. Callers read the user once it is stale. */
const PAUSE_MS = 1_000;

interface RefreshContext {
  clock: Clock;
  counters: ClientCounters;
  /** Whether the breaker is open, so that asking is in vain. */
  isServiceDown: () => boolean;
}

/**
 * Reads users that are in use in the background, before they are stale and a caller must wait. Never throws.
 */
export class RefreshAhead {
  readonly #reads: InFlightReads;
  readonly #context: RefreshContext;
  #inFlight = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(reads: InFlightReads, context: RefreshContext) {
    this.#reads = reads;
    this.#context = context;
  }

  /**
   * Reads the user in the background, unless a read of it or too many others are in flight, or the service is
   * down.
   */
  refresh(scope: UserScope, id: string): void {
    const { clock, counters, isServiceDown } = this.#context;
    if (this.#inFlight >= MAX_REFRESHES || clock() < this.#pausedUntilMs || isServiceDown()) return;
    const isStarted = this.#reads.refresh(scope, id, ({ outcome }) => {
      this.#inFlight -= 1;
      if (outcome === 'failed') this.#pausedUntilMs = clock() + PAUSE_MS;
    });
    if (!isStarted) return;
    counters.refreshes += 1;
    this.#inFlight += 1;
  }
}
