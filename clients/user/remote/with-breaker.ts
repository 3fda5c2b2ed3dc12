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

/** Makes the breaker between this client and the user service. @throws BreakerOpenError from `run` while it is open. */
export function createUserBreaker(options: BreakerOptions = {}, onChange?: BreakerListener): Breaker {
  return createBreaker({ classifier: CLASSIFIER, options, onChange });
}

const CLASSIFIER = { isOutage, isTimeout, requestedBackoffMs, openError: () => new BreakerOpenError() };

/** What stands between the callers of a client and its breaker. */
export interface BreakerContext {
  breaker: Breaker;
  deadlines: DeadlineTimers;
  clock: Clock;
  settings: { readonly timeoutMs: number };
}

type Probe = NonNullable<BreakerAttempt['probe']>;

/** Asks `next` only while the breaker lets it; else rejects at once with BreakerOpenError. Stands above hedging, and sees its two calls as one. */
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

/** What the breaker is told of a call, and what to call when the service has answered: from then on the call's end alone tells. */
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
 * A probe that asks one question, within the client's own `timeoutMs` even where `ask` outlasts its deadline. Fails with the
 * error of the answer.
 */
export function toProbe(
  { deadlines, clock, settings }: BreakerContext,
  ask: (call: ReadCall) => Promise<readonly UserAnswer[]>,
): Probe {
  return async (signal) => {
    const call = { deadlineAtMs: clock() + settings.timeoutMs, signal };
    const gathering = new PendingAnswers([undefined], call, { deadlines });
    ask(call).then(
      ([answer]) => gathering.put(0, answer ?? unanswered()),
      (error: unknown) => gathering.put(0, { outcome: 'failed', error }),
    );
    const [answer] = await gathering.answers;
    if (answer?.outcome === 'failed') throw answer.error;
  };
}

/** Asks for the first of the users, of whatever version: one that does not exist would be waited for. */
function toReadProbe(
  next: UserReader,
  context: BreakerContext,
  { scope, reads: [first] }: { scope: UserScope; reads: readonly UserRead[] },
): Probe {
  const reads = first === undefined ? [] : [{ ...first, minVersion: 0n }];
  return toProbe(context, (call) => next.readMany(scope, reads, call));
}
