import { Code, ConnectError } from '@connectrpc/connect';
import { UserReadCanceledError } from './errors.ts';
import type { Clock, ReadCall, UserAnswer } from './user-reader.ts';

/** The answers of one call as they come in, for as long as its caller waits. */
export class Gathering {
  /** One answer for each read; `failed` where none came before the deadline. Rejects with UserReadCanceledError when the signal aborts. */
  readonly answers: Promise<UserAnswer[]>;
  readonly #answers: (UserAnswer | undefined)[];
  readonly #signal: AbortSignal | undefined;
  #pending: number;
  #resolve!: (answers: UserAnswer[]) => void;
  #reject!: (error: UserReadCanceledError) => void;
  readonly #timer: NodeJS.Timeout;

  /** @param known the answers that are there already; the others are to be put in. */
  constructor(known: readonly (UserAnswer | undefined)[], { deadlineAtMs, signal }: ReadCall, clock: Clock) {
    this.#answers = known.slice();
    this.#signal = signal;
    this.#pending = 0;
    for (let i = 0; i < known.length; i++) if (known[i] === undefined) this.#pending += 1;
    this.answers = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.#giveUp(), Math.max(0, deadlineAtMs - clock()));
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
    if (this.#pending === 0) this.#end();
  }

  /** Takes in the answer to the read at this place. Too late: nobody waits any more. */
  put(at: number, answer: UserAnswer): void {
    if (this.#pending === 0 || this.#answers[at] !== undefined) return;
    this.#answers[at] = answer;
    this.#pending -= 1;
    if (this.#pending === 0) this.#end();
  }

  #giveUp(): void {
    const error = deadlinePassed();
    for (const at of this.#answers.keys()) this.put(at, { outcome: 'failed', error });
  }

  readonly #abort = (): void => {
    if (this.#pending === 0) return;
    this.#pending = 0;
    this.#reject(new UserReadCanceledError(this.#signal?.reason));
    this.#end();
  };

  #end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#resolve(this.#answers as UserAnswer[]);
  }
}

/** The error of a caller that has no time left. */
export function deadlinePassed(): ConnectError {
  return new ConnectError('the deadline of the call passed before the answer came', Code.DeadlineExceeded);
}
