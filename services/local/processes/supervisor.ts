import { setTimeout as sleep } from 'node:timers/promises';
import { HANG_LIMITS, type HangLimits, StartupError, watchForHang } from '@rollcall/runtime';
import { type Ending, type ServiceProcess, type ServiceSpec, startService } from './service-process.ts';

/** Longer than a cold start on a machine under sixteen times its load. Milliseconds. Our own choice. */
const READY_MS = 180_000;

/** A service that is restarted when it ends unasked or hangs. Disposing drains and ends it. */
export interface SupervisedService extends AsyncDisposable {
  /**
   * Resolves when the service can be called for the first time. Rejects with a StartupError when it ends
   * before that.
   */
  ready: Promise<void>;
  /** Kills it. */
  kill(): void;
}

export interface SupervisorOptions {
  /** Receives one line for each event. */
  readonly say: (line: string) => void;
  /** When a service that does not answer is killed. @defaultValue after 15 s and five probes in a row */
  readonly hang?: HangLimits;
  /** How long a service may take until it is ready. Milliseconds. @defaultValue 180000 */
  readonly readyMs?: number;
  /**
   * Whether the database was away since this time by `performance.now()`. A first start that failed then is
   * tried again.
   * @defaultValue never
   */
  readonly wasDatabaseAway?: (begunAtMs: number) => boolean;
}

/**
 * Starts a service and restarts it whenever it ends unasked or hangs, after 0.25 s at first and at most 30 s.
 * Other services run on meanwhile.
 */
export function superviseService(spec: ServiceSpec, options: SupervisorOptions): SupervisedService {
  return new Supervisor(spec, options);
}

class Supervisor implements SupervisedService {
  readonly ready: Promise<void>;
  readonly #spec: ServiceSpec;
  readonly #options: SupervisorOptions;
  readonly #readyMs: number;
  readonly #stopping = new AbortController();
  readonly #pauses = createRestartPauses();
  readonly #watching: Promise<void>;
  #current: ServiceProcess;
  #startedAtMs = 0;

  constructor(spec: ServiceSpec, options: SupervisorOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#readyMs = options.readyMs ?? READY_MS;
    this.#current = this.#start();
    this.ready = this.#firstStart();
    // `ready` reports a failed first start.
    this.#watching = this.ready.then(
      () => this.#keepRunning(),
      () => {},
    );
  }

  kill(): void {
    this.#current.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#current.stop();
    await this.#watching;
  }

  #start(): ServiceProcess {
    this.#startedAtMs = performance.now();
    const service = startService(this.#spec);
    const { logFault } = service;
    if (logFault) this.#say(`${this.#spec.name} runs without a log, which cannot be opened: ${logFault}`);
    return service;
  }

  async #firstStart(): Promise<void> {
    while (!(await this.#current.ready(this.#readyMs))) {
      const fault = await startFault(this.#spec, this.#current);
      if (this.#stopping.signal.aborted || !this.#options.wasDatabaseAway?.(this.#startedAtMs)) throw fault;
      this.#current.kill();
      await this.#pause(`${fault.message}.`);
      if (this.#stopping.signal.aborted) throw fault;
      this.#current = this.#start();
    }
  }

  async #keepRunning(): Promise<void> {
    let isFirst = true;
    for (;;) {
      const what = await this.#untilEnded(isFirst);
      if (this.#stopping.signal.aborted) return;
      await this.#pause(what);
      if (this.#stopping.signal.aborted) return;
      this.#current = this.#start();
      isFirst = false;
    }
  }

  /** @returns a sentence on how the process ended */
  async #untilEnded(wasReady: boolean): Promise<string> {
    const service = this.#current;
    if (!wasReady) await this.#reportReady(service);
    let hasHung = false;
    const onHang = () => {
      hasHung = true;
      service.kill();
    };
    // At a breakpoint of a debugger a process does not answer.
    const isDebugged = this.#spec.env.NODE_OPTIONS?.includes('--inspect') ?? false;
    using _watch = isDebugged
      ? undefined
      : watchForHang({ ask: service.isAlive, onHang }, this.#options.hang ?? HANG_LIMITS);
    const ending = await service.ended;
    const { name } = this.#spec;
    return hasHung ? `${name} did not answer any more and was killed.` : `${name} ${describe(ending)}.`;
  }

  async #reportReady(service: ServiceProcess): Promise<void> {
    const { name } = this.#spec;
    const report = (isReady: boolean) => {
      if (isReady) this.#say(`${name} is ready again.`);
      return isReady;
    };
    if (report(await service.ready(this.#readyMs))) return;
    // It may be waiting for its database. The watch finds out whether it hangs.
    void service.ready(Number.POSITIVE_INFINITY).then(report);
  }

  async #pause(what: string): Promise<void> {
    const pauseMs = this.#pauses.next(performance.now() - this.#startedAtMs);
    this.#say(`${what.replace(/[ .]+$/, '')}. Starting it again in ${pauseMs / 1000} s.`);
    const { signal } = this.#stopping;
    await sleep(pauseMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #say(line: string): void {
    this.#options.say(line);
  }
}

async function startFault(spec: ServiceSpec, service: ServiceProcess): Promise<StartupError> {
  const log = `${spec.logDirectory}/${spec.name}.log`;
  const ending = await Promise.race([service.ended, sleep(0, undefined)]);
  if (!ending) return new StartupError(`${spec.name} does not become ready: see its log, ${log}`);
  const reason = ending.reason || ending.lastLine || `it ended with ${ending.how}: see its log, ${log}`;
  // Each faulty setting has one line.
  const faults = reason.includes('\n') ? `\n${reason}`.replaceAll('\n', '\n  ') : ` ${reason}`;
  return new StartupError(`${spec.name} did not start:${faults}`);
}

/** Adds the last log line when the run gave no reason. */
function describe({ how, reason, lastLine }: Ending): string {
  if (reason) return `ended (${how}): ${reason.replaceAll('\n', '; ')}`;
  return lastLine ? `ended (${how}), its last log line: ${lastLine}` : `ended (${how})`;
}

const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** After a run of this length the next pause is short again. Milliseconds. */
const SETTLED_MS = 60_000;

/** Pauses before restarts of one process. */
export interface RestartPauses {
  /**
   * @param livedMs how long the process ran
   * @returns milliseconds: 250, then twice as long each time, at most 30000
   */
  next(livedMs: number): number;
}

/** Creates the pauses of one process. The figures are our own choice. */
export function createRestartPauses(): RestartPauses {
  let failures = 0;
  return {
    next(livedMs) {
      if (livedMs >= SETTLED_MS) failures = 0;
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures++, 20));
    },
  };
}
