import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import { type Ending, type ServiceProcess, type ServiceSpec, startService } from './service-process.ts';

/** A service that keeps ending is broken, not unlucky. Both figures are our own choice. */
const MAX_RESTARTS = 5;
const WINDOW_MS = 60_000;
const FIRST_DELAY_MS = 250;

/** A service that is started again when it ends unasked. Disposing of it lets it drain and end. */
export interface SupervisedService extends AsyncDisposable {
  /** Settles when the service can be called for the first time. Rejects with a StartupError when it ends before that. */
  ready: Promise<void>;
  /** Settles, with one line that says why, when it ended too often to be started again. */
  gaveUp: Promise<string>;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Starts a service and keeps it running: one that ends unasked is started again, after 0.25 s and then twice as long each time, at
 * most five times a minute.
 * @param say told, one line each, what happened
 */
export function superviseService(spec: ServiceSpec, say: (line: string) => void): SupervisedService {
  const stopping = new AbortController();
  const gaveUp = Promise.withResolvers<string>();
  let current = startService(spec);
  const ready = firstStart(spec, current);

  const watch = async () => {
    // A failed first start is told through `ready`.
    const started = await ready.then(
      () => true,
      () => false,
    );
    if (!started) return;
    const restarts: number[] = [];
    for (;;) {
      const ending = await current.ended;
      if (stopping.signal.aborted) return;
      const recent = restarts.filter((time) => time > Date.now() - WINDOW_MS).length;
      if (recent >= MAX_RESTARTS) {
        gaveUp.resolve(
          `${spec.name} ended ${recent + 1} times within a minute${quote(ending)}: see its log, ${logOf(spec)}`,
        );
        return;
      }
      const delayMs = FIRST_DELAY_MS * 2 ** recent;
      say(`${spec.name} ended (${ending.how})${quote(ending)}. Starting it again in ${delayMs / 1000} s.`);
      restarts.push(Date.now());
      await pause(delayMs, stopping.signal);
      if (stopping.signal.aborted) return;
      current = startService(spec);
      if (await current.ready()) say(`${spec.name} is ready again.`);
    }
  };
  const watching = watch().catch((error: unknown) =>
    gaveUp.resolve(`${spec.name} cannot be started again: ${error}`),
  );

  return {
    ready,
    gaveUp: gaveUp.promise,
    kill: () => current.kill(),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await current.stop();
      await watching;
    },
  };
}

async function firstStart(spec: ServiceSpec, service: ServiceProcess): Promise<void> {
  if (await service.ready()) return;
  const ending = await Promise.race([service.ended, sleep(0, undefined)]);
  if (!ending)
    throw new StartupError(`${spec.name} did not become ready within a minute: see its log, ${logOf(spec)}`);
  const reason = ending.lastWords || `it ended with ${ending.how}: see its log, ${logOf(spec)}`;
  throw new StartupError(`${spec.name} did not start: ${reason}`);
}

function quote(ending: Ending): string {
  return ending.lastWords ? `: ${ending.lastWords}` : '';
}

function logOf(spec: ServiceSpec): string {
  return `${spec.logDirectory}/${spec.name}.log`;
}

/** Ends early when it is interrupted. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
