/** What goes wrong with a request to the stand-in. */
export type StripeFault =
  | {
      /** Answered with this status: 429, 500, 402. */
      readonly status: number;
      /** The `code` of the error. Default: none. */
      readonly code?: string;
      /** Header `retry-after`, in s. Default: none. */
      readonly retryAfterS?: number;
    }
  /** The connection breaks before the request does anything, or after it has. */
  | 'drop before'
  | 'drop after'
  /** No answer ever. */
  | 'silence'
  /** The head of an answer, and a body that goes on and on. */
  | 'endless body';

/** A fault, and the requests that it befalls. */
export interface PlannedFault {
  readonly fault: StripeFault;
  /** Default 1. */
  readonly times?: number;
  /** Default: every request. */
  readonly when?: (request: { readonly method: string; readonly path: string }) => boolean;
}

/** Faults in the order in which they were planned; each befalls as many requests as it says. */
export class FaultPlan {
  readonly #waiting: { fault: StripeFault; left: number; when: NonNullable<PlannedFault['when']> }[] = [];

  add({ fault, times = 1, when = () => true }: PlannedFault): void {
    this.#waiting.push({ fault, left: times, when });
  }

  /** The fault that befalls a request; undefined: none. */
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
