import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';

/** What is wrong with the fake at the moment, and what that does to a call. */
export class Faults {
  /** Time in ms that each answer takes. */
  latencyMs = 0;
  /** Whether nothing is ever answered. */
  isSilent = false;
  /** Asked for each call: what it fails with. Undefined: nothing. */
  fault: (isStream: boolean) => ConnectError | undefined = () => undefined;
  readonly #end = new AbortController();
  #streams = new AbortController();

  /** Lets a call through to its handler when it is time, or fails it. */
  async apply(signal: AbortSignal, isStream: boolean): Promise<void> {
    const gone = AbortSignal.any([signal, this.#end.signal]);
    if (this.isSilent) await whenAborted(gone);
    if (this.latencyMs > 0) await delay(this.latencyMs, undefined, { signal: gone });
    const fault = this.fault(isStream);
    if (fault !== undefined) throw fault;
  }

  /** Aborted when streams that are open now are cut. */
  get streamSignal(): AbortSignal {
    return this.#streams.signal;
  }

  cutStreams(): void {
    this.#streams.abort();
    this.#streams = new AbortController();
  }

  /** All is well again. */
  clear(): void {
    this.latencyMs = 0;
    this.isSilent = false;
    this.fault = () => undefined;
  }

  /** Ends what is open and what comes. */
  end(): void {
    this.#end.abort();
    this.#streams.abort();
  }
}

/** How a process that is not there fails its callers. */
export function serviceDown(): ConnectError {
  return new ConnectError('the fake user service is down', Code.Unavailable);
}

/** Settles when the signal is aborted. */
export async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
