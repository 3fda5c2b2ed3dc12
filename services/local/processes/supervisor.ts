import { setTimeout as sleep } from 'node:timers/promises';
import { HANG_LIMITS, type HangLimits, StartupError, watchForHang } from '@rollcall/runtime';
import { type Ending, type ServiceProcess, type ServiceSpec, startService } from './service-process.ts';

/** Longer than a cold start on a machine that has sixteen times too much to do. Our own choice. */
const READY_MS = 180_000;

/** A service that is started again when it ends unasked or hangs. Disposing of it lets it drain and end. */
export interface SupervisedService extends AsyncDisposable {
  /** Settles when the service can be called for the first time. Rejects with a StartupError when it ends before that. */
  ready: Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** How a service is supervised. */
export interface SupervisorOptions {
  /** Told, one line each, what happened. */
  readonly say: (line: string) => void;
  /** When a service that does not answer is killed. Default: after 15 s and five questions in a row. */
  readonly hang?: HangLimits;
  /** How long a service may take until it is ready. Milliseconds. Default 180000. */
  readonly readyMs?: number;
  /**
   * Whether a first start that was begun at this time, by `performance.now()`, failed through no fault of the service: its database was away.
   * It is tried again then. Default: never.
   */
  readonly isExcused?: (begunAtMs: number) => boolean;
}

/**
 * Starts a service and keeps it running: one that ends unasked, or does not answer any more, is started again, after 0.25 s at first and
 * after 30 s at most, for as long as it takes. Nothing else ends because a service does.
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
    // A failed first start is told through `ready`.
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
      if (this.#stopping.signal.aborted || !this.#options.isExcused?.(this.#startedAtMs)) throw fault;
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

  /** @returns what became of the process, for people */
  async #untilEnded(wasReady: boolean): Promise<string> {
    const service = this.#current;
    if (!wasReady) await this.#tellReady(service);
    let hasHung = false;
    const onHang = () => {
      hasHung = true;
      service.kill();
    };
    // At a breakpoint of a debugger a process does not answer either.
    const isDebugged = this.#spec.env.NODE_OPTIONS?.includes('--inspect') ?? false;
    using _watch = isDebugged
      ? undefined
      : watchForHang({ ask: service.isAlive, onHang }, this.#options.hang ?? HANG_LIMITS);
    const ending = await service.ended;
    const { name } = this.#spec;
    return hasHung ? `${name} did not answer any more and was killed.` : `${name} ${describe(ending)}.`;
  }

  async #tellReady(service: ServiceProcess): Promise<void> {
    const { name } = this.#spec;
    const tell = (isReady: boolean) => {
      if (isReady) this.#say(`${name} is ready again.`);
      return isReady;
    };
    if (tell(await service.ready(this.#readyMs))) return;
    // Alive or hung is for the watch to find; it may be waiting for its database.
    void service.ready(Number.POSITIVE_INFINITY).then(tell);
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
  // Each fault of its settings has a line.
  const faults = reason.includes('\n') ? `\n${reason}`.replaceAll('\n', '\n  ') : ` ${reason}`;
  return new StartupError(`${spec.name} did not start:${faults}`);
}

/** The reason is of this run alone; where the run gave none, its last line may help. */
function describe({ how, reason, lastLine }: Ending): string {
  if (reason) return `ended (${how}): ${reason.replaceAll('\n', '; ')}`;
  return lastLine ? `ended (${how}), its last log line: ${lastLine}` : `ended (${how})`;
}

const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** What ran for so long did not fail at its start: the next pause is short again. */
const SETTLED_MS = 60_000;

/** How long to wait before something that ended is started again. */
export interface RestartPauses {
  /**
   * @param livedMs how long it ran
   * @returns 250 ms, then twice as long each time, 30 s at most. Milliseconds.
   */
  next(livedMs: number): number;
}

/** The pauses of one thing that is kept running. All figures are our own choice. */
export function createRestartPauses(): RestartPauses {
  let failures = 0;
  return {
    next(livedMs) {
      if (livedMs >= SETTLED_MS) failures = 0;
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures++, 20));
    },
  };
}
