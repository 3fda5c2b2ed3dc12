import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';

/** The present faults of the fake, and their effect on calls. */
export class Faults {
  /** Delay of each response. Milliseconds. */
  latencyMs = 0;
  /** Whether calls get no response. */
  isSilent = false;
  /** Returns the error of the next call. Undefined: it succeeds. */
  fault: (isStream: boolean) => ConnectError | undefined = () => undefined;
  readonly #end = new AbortController();
  #streams = new AbortController();

  /** Delays a call, fails it, or holds it without a response. */
  async apply(signal: AbortSignal, isStream: boolean): Promise<void> {
    const ended = AbortSignal.any([signal, this.#end.signal]);
    if (this.isSilent) await whenAborted(ended);
    if (this.latencyMs > 0) await delay(this.latencyMs, undefined, { signal: ended });
    const fault = this.fault(isStream);
    if (fault !== undefined) throw fault;
  }

  /** Aborts when the streams of the present are cut. */
  get streamSignal(): AbortSignal {
    return this.#streams.signal;
  }

  cutStreams(): void {
    this.#streams.abort();
    this.#streams = new AbortController();
  }

  /** Removes all faults. */
  clear(): void {
    this.latencyMs = 0;
    this.isSilent = false;
    this.fault = () => undefined;
  }

  /** Ends open and later calls. */
  end(): void {
    this.#end.abort();
    this.#streams.abort();
  }
}

/** The error of a call to a process that is down. */
export function serviceDown(): ConnectError {
  return new ConnectError('the fake user service is down', Code.Unavailable);
}

/** Resolves when the signal aborts. */
export async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
