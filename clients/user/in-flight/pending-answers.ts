import { Code, ConnectError } from '@connectrpc/connect';
import { AnswerMalformedError } from '../model/classify-error.ts';
import { UserReadCanceledError } from '../model/errors.ts';
import type { ReadCall, UserAnswer } from '../model/user-reader.ts';
import type { DeadlineGroup, DeadlineListener, DeadlineTimers } from './deadline-timers.ts';

interface PendingAnswersContext {
  deadlines: DeadlineTimers;
  /** Gives the answer in place of a failed one. Absent: the failure is the answer. */
  fallback?: (index: number, error: unknown) => UserAnswer;
}

/** Collects the answers of one call until all are there, its deadline passes or its signal aborts. */
export class PendingAnswers implements DeadlineListener {
  /**
   * One answer per read, `failed` where none came before the deadline. Rejects with UserReadCanceledError
   * when the signal aborts.
   */
  readonly answers: Promise<UserAnswer[]>;
  readonly #answers: (UserAnswer | undefined)[];
  readonly #context: PendingAnswersContext;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: DeadlineGroup;
  #pending = 0;
  #resolve!: (answers: UserAnswer[]) => void;
  #reject!: (error: UserReadCanceledError) => void;

  /**
   * @param answers one place per read, undefined where the answer is still to come. The array now belongs to
   * this object.
   */
  constructor(
    answers: (UserAnswer | undefined)[],
    { deadlineAtMs, signal }: ReadCall,
    context: PendingAnswersContext,
  ) {
    this.#answers = answers;
    this.#context = context;
    this.#signal = signal;
    for (let i = 0; i < answers.length; i++) if (answers[i] === undefined) this.#pending += 1;
    this.answers = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Before the deadline is joined: a signal that throws then leaves no timer behind.
    if (this.#pending > 0) signal?.addEventListener('abort', this, { once: true });
    this.#deadline = context.deadlines.join(this, deadlineAtMs);
    if (this.#pending === 0) this.#end();
    else if (signal?.aborted) this.handleEvent();
  }

  /** Takes the answer to the read at this place. An answer that comes too late is ignored. */
  put(index: number, answer: UserAnswer): void {
    if (this.#pending === 0 || this.#answers[index] !== undefined) return;
    const { fallback } = this.#context;
    this.#answers[index] =
      answer.outcome === 'failed' && fallback !== undefined ? fallback(index, answer.error) : answer;
    this.#pending -= 1;
    if (this.#pending === 0) this.#end();
  }

  onDeadline(): void {
    if (this.#pending === 0) return;
    const error = deadlineExceeded();
    for (const index of this.#answers.keys()) this.put(index, { outcome: 'failed', error });
  }

  /** Handles `abort` of the signal. */
  handleEvent(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    this.#reject(new UserReadCanceledError(this.#signal?.reason));
    this.#end();
  }

  #end(): void {
    this.#context.deadlines.leave(this.#deadline);
    this.#signal?.removeEventListener('abort', this);
    this.#resolve(this.#answers as UserAnswer[]);
  }
}

/** The error of a call whose deadline has passed. */
export function deadlineExceeded(): ConnectError {
  return new ConnectError('the deadline of the call passed before the answer came', Code.DeadlineExceeded);
}

/** The answer to a read that the service left out. */
export function unanswered(): UserAnswer {
  return { outcome: 'failed', error: new AnswerMalformedError('an id has no answer') };
}
