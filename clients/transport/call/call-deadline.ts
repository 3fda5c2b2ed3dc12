import { AsyncLocalStorage } from 'node:async_hooks';

// The point of performance.now(), so that a jump of the machine's clock moves no deadline. Undefined: there is none.
const deadlineAtMs = new AsyncLocalStorage<number | undefined>();

/**
 * Runs `work` so that no unary call made in it, however deep, outlives `timeoutMs` from now: what is left of an incoming
 * call, so that nobody works for a caller who has stopped waiting. Inside another deadline the earlier one holds.
 * @param timeoutMs in ms; 0 or less: calls fail with DEADLINE_EXCEEDED and nothing is sent. Undefined: no bound is added.
 */
export function withDeadline<Result>(timeoutMs: number | undefined, work: () => Result): Result {
  if (timeoutMs === undefined) return work();
  const outer = deadlineAtMs.getStore() ?? Number.POSITIVE_INFINITY;
  return deadlineAtMs.run(Math.min(outer, performance.now() + timeoutMs), work);
}

/** What is left in ms of the deadline that this code runs under; 0 or less: it has passed. Undefined: there is none. */
export function remainingMs(): number | undefined {
  const atMs = deadlineAtMs.getStore();
  return atMs === undefined ? undefined : atMs - performance.now();
}

/** Runs `work` under no deadline: for what several callers share, which the hurry of the first must not end for the rest. */
export function withoutDeadline<Result>(work: () => Result): Result {
  return deadlineAtMs.run(undefined, work);
}
