import type { Clock } from '../model/user-reader.ts';

/** Is called once its deadline has passed. */
export interface DeadlineListener {
  onDeadline(): void;
}

/**
 * Listeners whose deadlines fall into one millisecond. They share a timer: a timer per listener would cost
 * more than the rest of its wait.
 */
export interface DeadlineGroup {
  readonly atMs: number;
  readonly listeners: DeadlineListener[];
  /** Number of listeners that still wait. */
  active: number;
  readonly timer: NodeJS.Timeout;
}

const LONGEST_DELAY_MS = 2 ** 31 - 1;
/**
 * Time in ms that passes between a caller's call and the read for it: a deadline shorter by less counts as
 * whole.
 */
const CALL_OVERHEAD_MS = 10;

/**
 * The deadline of a read that other callers may join: the caller's own, and at least `timeoutMs` from now. So
 * a caller with a short deadline never makes the service look slow. Where the two are almost equal it is the
 * caller's own, so that both end in one turn of the event loop.
 */
export function sharedDeadlineMs(
  deadlineAtMs: number,
  { nowMs, timeoutMs }: { nowMs: number; timeoutMs: number },
): number {
  const fullAtMs = nowMs + timeoutMs;
  return deadlineAtMs > fullAtMs - CALL_OVERHEAD_MS ? deadlineAtMs : fullAtMs;
}

/** Calls listeners at their deadlines, exact to a millisecond. */
export class DeadlineTimers {
  readonly #clock: Clock;
  readonly #groups = new Map<number, DeadlineGroup>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a listener. Pass the returned group to `leave` when the listener no longer waits. */
  join(listener: DeadlineListener, deadlineAtMs: number): DeadlineGroup {
    const atMs = Math.ceil(deadlineAtMs);
    const group = this.#groups.get(atMs) ?? this.#start(atMs);
    group.listeners.push(listener);
    group.active += 1;
    return group;
  }

  /** Counts one listener of the group less, and clears its timer after the last one. */
  leave(group: DeadlineGroup): void {
    group.active -= 1;
    if (group.active > 0) return;
    clearTimeout(group.timer);
    // The outgrown table of a map may still hold the group, and with it all that its listeners refer to.
    group.listeners.length = 0;
    if (this.#groups.get(group.atMs) === group) this.#groups.delete(group.atMs);
  }

  /** Calls every listener now, and clears all timers. */
  close(): void {
    for (const { timer, listeners } of [...this.#groups.values()]) {
      clearTimeout(timer);
      for (const listener of [...listeners]) listener.onDeadline();
    }
    this.#groups.clear();
  }

  #start(atMs: number): DeadlineGroup {
    const delayMs = Math.min(LONGEST_DELAY_MS, Math.max(0, atMs - this.#clock()));
    const listeners: DeadlineListener[] = [];
    const timer = setTimeout(() => {
      // A listener that joins from now on needs a timer of its own: this one has fired.
      this.#groups.delete(atMs);
      for (const listener of listeners) listener.onDeadline();
    }, delayMs);
    const group = { atMs, listeners, active: 0, timer };
    this.#groups.set(atMs, group);
    return group;
  }
}
