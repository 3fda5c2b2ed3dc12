import { AsyncLocalStorage } from 'node:async_hooks';

// A point of performance.now(), so that a jump of the machine's clock moves no deadline. Undefined: none.
const deadlineAtMs = new AsyncLocalStorage<number | undefined>();

/**
 * Runs `work` so that every unary call in it, however deep, ends within `timeoutMs`. Pass the rest of an
 * incoming deadline, so that no work outlives the wait of its caller. Inside another deadline the earlier one
 * applies.
 * @param timeoutMs milliseconds; 0 or less: calls fail with DEADLINE_EXCEEDED and nothing is sent; undefined:
 * no deadline is added
 */
export function withDeadline<Result>(timeoutMs: number | undefined, work: () => Result): Result {
  if (timeoutMs === undefined) return work();
  const outer = deadlineAtMs.getStore() ?? Number.POSITIVE_INFINITY;
  return deadlineAtMs.run(Math.min(outer, performance.now() + timeoutMs), work);
}

/** Milliseconds until the deadline of the running code. 0 or less: it has passed. Undefined: no deadline. */
export function remainingMs(): number | undefined {
  const atMs = deadlineAtMs.getStore();
  return atMs === undefined ? undefined : atMs - performance.now();
}

/**
 * Runs `work` without a deadline: for work that several callers share, which the deadline of one must not
 * end.
 */
export function withoutDeadline<Result>(work: () => Result): Result {
  return deadlineAtMs.run(undefined, work);
}
