import { Code, ConnectError } from '@connectrpc/connect';
import { AnswerMalformedError } from '../model/classify-error.ts';
import { UserReadCanceledError } from '../model/errors.ts';
import type { ReadCall, UserAnswer } from '../model/user-reader.ts';
import type { DeadlineGroup, Deadlines, Waiter } from './deadline-timers.ts';

/** What gathering needs besides the call. */
interface GatheringContext {
  deadlines: Deadlines;
  /** What is answered in place of a failure. Absent: the failure. */
  instead?: (at: number, error: unknown) => UserAnswer;
}

/** The answers of one call as they come in, for as long as its caller waits. */
export class Gathering implements Waiter {
  /** One answer for each read; `failed` where none came before the deadline. Rejects with UserReadCanceledError when the signal aborts. */
  readonly answers: Promise<UserAnswer[]>;
  readonly #answers: (UserAnswer | undefined)[];
  readonly #context: GatheringContext;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: DeadlineGroup;
  #pending = 0;
  #resolve!: (answers: UserAnswer[]) => void;
  #reject!: (error: UserReadCanceledError) => void;

  /** @param answers those that are there already; the others are to be put in. It is this object's from now on. */
  constructor(
    answers: (UserAnswer | undefined)[],
    { deadlineAtMs, signal }: ReadCall,
    context: GatheringContext,
  ) {
    this.#answers = answers;
    this.#context = context;
    this.#signal = signal;
    for (let i = 0; i < answers.length; i++) if (answers[i] === undefined) this.#pending += 1;
    this.answers = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // First: whatever a signal throws, nobody is left behind who waits for a deadline.
    if (this.#pending > 0) signal?.addEventListener('abort', this, { once: true });
    this.#deadline = context.deadlines.join(this, deadlineAtMs);
    if (this.#pending === 0) this.#end();
    else if (signal?.aborted) this.handleEvent();
  }

  /** Takes in the answer to the read at this place. Too late: nobody waits any more. */
  put(at: number, answer: UserAnswer): void {
    if (this.#pending === 0 || this.#answers[at] !== undefined) return;
    const { instead } = this.#context;
    this.#answers[at] =
      answer.outcome === 'failed' && instead !== undefined ? instead(at, answer.error) : answer;
    this.#pending -= 1;
    if (this.#pending === 0) this.#end();
  }

  giveUp(): void {
    if (this.#pending === 0) return;
    const error = deadlinePassed();
    for (const at of this.#answers.keys()) this.put(at, { outcome: 'failed', error });
  }

  /** The signal aborts. */
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

/** The error of a caller that has no time left. */
export function deadlinePassed(): ConnectError {
  return new ConnectError('the deadline of the call passed before the answer came', Code.DeadlineExceeded);
}

/** The answer to a read that the service left out. */
export function unanswered(): UserAnswer {
  return { outcome: 'failed', error: new AnswerMalformedError('an id has no answer') };
}
