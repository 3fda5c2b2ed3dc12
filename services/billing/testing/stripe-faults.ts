/** A fault of a request to the fake Stripe. */
export type StripeFault =
  | {
      /** The status of the answer: 429, 500, 402. */
      readonly status: number;
      /**
       * The `code` of the error.
       * @defaultValue no code
       */
      readonly code?: string;
      /**
       * The header `retry-after`, in s.
       * @defaultValue no header
       */
      readonly retryAfterS?: number;
    }
  /** The connection breaks before or after the request takes effect. */
  | 'drop before'
  | 'drop after'
  /** The request never gets an answer. */
  | 'silence'
  /** The answer has a body without an end. */
  | 'endless body';

/** A fault and the requests that it affects. */
export interface PlannedFault {
  readonly fault: StripeFault;
  /** @defaultValue 1 */
  readonly times?: number;
  /** @defaultValue every request */
  readonly when?: (request: { readonly method: string; readonly path: string }) => boolean;
}

/** Planned faults, in order. Each affects its number of requests. */
export class FaultPlan {
  readonly #waiting: { fault: StripeFault; left: number; when: NonNullable<PlannedFault['when']> }[] = [];

  add({ fault, times = 1, when = () => true }: PlannedFault): void {
    this.#waiting.push({ fault, left: times, when });
  }

  /** Returns the fault of a request. Undefined when it has none. */
  take(request: { readonly method: string; readonly path: string }): StripeFault | undefined {
    const found = this.#waiting.find(({ left, when }) => left > 0 && when(request));
    if (!found) return undefined;
    found.left -= 1;
    return found.fault;
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}
