import type { LogOutput } from '@rollcall/runtime';

/** A second request within this time is npm passing on the Ctrl-C that the terminal has already delivered. */
const ECHO_MS = 1_000;

/** How the person at the terminal, or whoever runs it, asks this process to stop. */
export interface StopSignal extends Disposable {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when the reader of standard output is gone. */
  signal: AbortSignal;
}

/**
 * Listens for requests to stop.
 * @param output where this process tells what it does
 * @param onImpatience called when a request is repeated more than a second after the first
 */
export function listenForStop(output: LogOutput, onImpatience: () => void): StopSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const listen = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(new Stopped());
    } else if (performance.now() - firstAt > ECHO_MS) onImpatience();
  };
  for (const name of STOP_SIGNALS) process.on(name, listen);
  // As in `npm start | head`.
  output.onBrokenPipe = listen;
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of STOP_SIGNALS) process.off(name, listen);
    },
  };
}

/** Why a start was given up: somebody asked. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor() {
    super('asked to stop');
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
