import type { Clock } from '../model/user-reader.ts';

/** Who waits, but not for ever. */
export interface Waiter {
  /** The time is over. */
  giveUp(): void;
}

/** Those whose time is over within the same ms: one timer is for all of them, because each of its own would cost more than the rest of their wait. */
export interface DeadlineGroup {
  readonly atMs: number;
  readonly waiters: Waiter[];
  /** How many of them still wait. */
  waiting: number;
  readonly timer: NodeJS.Timeout;
}

const LONGEST_DELAY_MS = 2 ** 31 - 1;
/** How much less than `timeoutMs`, in ms, still counts as all of it: what passes between a caller's call and the read for it. */
const ON_THE_WAY_MS = 10;

/**
 * The deadline of a read that a caller begins, for all who may come to share it: at least `timeoutMs` from now, so that a caller
 * in a hurry does not make the service look slow. The caller's own where that is as good: both then end in the same turn.
 */
export function sharedDeadlineMs(
  deadlineAtMs: number,
  { nowMs, timeoutMs }: { nowMs: number; timeoutMs: number },
): number {
  const fullAtMs = nowMs + timeoutMs;
  return deadlineAtMs > fullAtMs - ON_THE_WAY_MS ? deadlineAtMs : fullAtMs;
}

/** The deadlines of those who wait, exact to a ms. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #groups = new Map<number, DeadlineGroup>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets them wait until then. Whoever need not wait any more leaves the group that is answered. */
  join(waiter: Waiter, deadlineAtMs: number): DeadlineGroup {
    const atMs = Math.ceil(deadlineAtMs);
    const group = this.#groups.get(atMs) ?? this.#begin(atMs);
    group.waiters.push(waiter);
    group.waiting += 1;
    return group;
  }

  leave(group: DeadlineGroup): void {
    group.waiting -= 1;
    if (group.waiting > 0) return;
    clearTimeout(group.timer);
    // A map's outgrown table may still hold the group, and would hold all that hangs on those who waited.
    group.waiters.length = 0;
    if (this.#groups.get(group.atMs) === group) this.#groups.delete(group.atMs);
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const { timer, waiters } of [...this.#groups.values()]) {
      clearTimeout(timer);
      for (const waiter of [...waiters]) waiter.giveUp();
    }
    this.#groups.clear();
  }

  #begin(atMs: number): DeadlineGroup {
    const delayMs = Math.min(LONGEST_DELAY_MS, Math.max(0, atMs - this.#clock()));
    const waiters: Waiter[] = [];
    const timer = setTimeout(() => {
      // Whoever comes from now on has a timer of its own: this one has rung.
      this.#groups.delete(atMs);
      for (const waiter of waiters) waiter.giveUp();
    }, delayMs);
    const group = { atMs, waiters, waiting: 0, timer };
    this.#groups.set(atMs, group);
    return group;
  }
}
