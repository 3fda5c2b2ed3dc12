import {
  type Breaker,
  type BreakerAttempt,
  type BreakerListener,
  type BreakerOptions,
  createBreaker,
  requestedBackoffMs,
} from '@rollcall/transport/guard';
import type { DeadlineTimers } from '../in-flight/deadline-timers.ts';
import { PendingAnswers, unanswered } from '../in-flight/pending-answers.ts';
import { BreakerOpenError, isOutage, isTimeout } from '../model/classify-error.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';

/**
 * Creates the breaker between this client and the user service. Its `run` throws BreakerOpenError while it is
 * open.
 */
export function createUserBreaker(options: BreakerOptions = {}, onChange?: BreakerListener): Breaker {
  return createBreaker({ classifier: CLASSIFIER, options, onChange });
}

const CLASSIFIER = { isOutage, isTimeout, requestedBackoffMs, openError: () => new BreakerOpenError() };

/** The breaker, and the clock and deadlines of its calls. */
export interface BreakerContext {
  breaker: Breaker;
  deadlines: DeadlineTimers;
  clock: Clock;
  settings: { readonly timeoutMs: number };
}

type Probe = NonNullable<BreakerAttempt['probe']>;

/**
 * Calls `next` while the breaker is closed, and rejects with BreakerOpenError while it is open. It stands
 * above hedging, and counts the two calls of a hedged read as one.
 */
export function withBreaker(next: UserReader, context: BreakerContext): UserReader {
  return {
    readMany(scope, reads, call) {
      const { attempt, onAnswered } = toAttempt(call, context);
      const probe = toReadProbe(next, context, { scope, reads });
      return context.breaker.run(() => next.readMany(scope, reads, { ...call, onAnswered }), {
        ...attempt,
        probe,
      });
    },
  };
}

/**
 * The breaker's view of a call. Call `onAnswered` when the service has answered: from then on only the end of
 * the call counts, and not its deadline.
 */
export function toAttempt(
  { deadlineAtMs, read, isCutShort }: ReadCall,
  { deadlines }: BreakerContext,
): { readonly attempt: BreakerAttempt; readonly onAnswered: () => void } {
  let stop = () => {};
  const onDeadline = (passed: () => void) => {
    let isEnded = false;
    const group = deadlines.join({ onDeadline: () => isEnded || passed() }, deadlineAtMs);
    stop = () => {
      if (isEnded) return;
      isEnded = true;
      deadlines.leave(group);
    };
    return stop;
  };
  return { attempt: { read, isCutShort, onDeadline }, onAnswered: () => stop() };
}

/**
 * A probe with one read, within the client's own `timeoutMs` even where `ask` exceeds its deadline. Rejects
 * with the error of the answer.
 */
export function toProbe(
  { deadlines, clock, settings }: BreakerContext,
  ask: (call: ReadCall) => Promise<readonly UserAnswer[]>,
): Probe {
  return async (signal) => {
    const call = { deadlineAtMs: clock() + settings.timeoutMs, signal };
    const pending = new PendingAnswers([undefined], call, { deadlines });
    ask(call).then(
      ([answer]) => pending.put(0, answer ?? unanswered()),
      (error: unknown) => pending.put(0, { outcome: 'failed', error }),
    );
    const [answer] = await pending.answers;
    if (answer?.outcome === 'failed') throw answer.error;
  };
}

/** Reads the first of the users in any version: the service would wait for a version that does not exist. */
function toReadProbe(
  next: UserReader,
  context: BreakerContext,
  { scope, reads: [first] }: { scope: UserScope; reads: readonly UserRead[] },
): Probe {
  const reads = first === undefined ? [] : [{ ...first, minVersion: 0n }];
  return toProbe(context, (call) => next.readMany(scope, reads, call));
}
