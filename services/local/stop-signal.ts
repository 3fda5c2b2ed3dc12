import type { LogOutput } from '@rollcall/runtime';

/**
 * Within this time a second signal is npm's copy of the Ctrl-C that the terminal has already sent.
 * Milliseconds.
 */
const ECHO_MS = 1_000;

/** Requests to stop this process. */
export interface StopSignal extends Disposable {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the reader of standard output has closed it. */
  signal: AbortSignal;
}

/**
 * Listens for requests to stop.
 * @param output standard output of this process
 * @param onRepeated called when a request comes more than a second after the first
 */
export function listenForStop(output: LogOutput, onRepeated: () => void): StopSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const listen = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(new Stopped());
    } else if (performance.now() - firstAt > ECHO_MS) onRepeated();
  };
  for (const name of STOP_SIGNALS) process.on(name, listen);
  // For example in `npm start | head`.
  output.onBrokenPipe = listen;
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of STOP_SIGNALS) process.off(name, listen);
    },
  };
}

/** Reason of an aborted start: a request to stop. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor() {
    super('asked to stop');
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
