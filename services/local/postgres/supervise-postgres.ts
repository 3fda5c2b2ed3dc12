import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HangLimits, StartupError, watchForHang } from '@rollcall/runtime';
import { createRestartPauses } from '../processes/supervisor.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './start-embedded-postgres.ts';

/** Longer than for services: after a needless kill the database must recover. Our own choice. */
const HANG: HangLimits = { everyMs: 2000, timeoutMs: 10_000, misses: 5, silentMs: 45_000 };

/**
 * A Postgres that is restarted when it ends unasked or hangs. Address, roles and passwords stay. Disposing
 * shuts it down.
 */
export interface SupervisedPostgres extends Omit<EmbeddedPostgres, 'ended' | 'kill'> {
  /** Whether it was away at any moment since this time by `performance.now()`. */
  wasAwaySince(timeMs: number): boolean;
  /** Resolves when it accepts connections. */
  up(): Promise<void>;
}

export interface PostgresSupervision {
  /** Receives one line for each event. */
  readonly say: (line: string) => void;
  /** When a Postgres that does not answer is killed. @defaultValue after 45 s and five probes in a row */
  readonly hang?: HangLimits;
}

/**
 * Starts Postgres and restarts it whenever it ends unasked or hangs, after 0.25 s at first and at most 30 s.
 * @throws StartupError when the first start fails
 */
export async function supervisePostgres(
  options: EmbeddedPostgresOptions,
  supervision: PostgresSupervision,
): Promise<SupervisedPostgres> {
  const first = await startEmbeddedPostgres(options);
  const supervisor = new Supervisor({ ...options, port: first.port }, { first, supervision });
  return {
    host: first.host,
    port: first.port,
    version: first.version,
    location: first.location,
    adminUrl: first.adminUrl,
    databaseUrl: first.databaseUrl,
    ownerUrl: first.ownerUrl,
    notes: first.notes,
    wasAwaySince: (timeMs) => supervisor.lastAwayAtMs >= timeMs,
    up: () => supervisor.up,
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}

class Supervisor {
  readonly #options: EmbeddedPostgresOptions;
  readonly #supervision: PostgresSupervision;
  readonly #stopping = new AbortController();
  readonly #pauses = createRestartPauses();
  readonly #watching: Promise<void>;
  #current: EmbeddedPostgres | undefined;
  #startedAtMs = performance.now();
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #up = Promise.withResolvers<void>();

  constructor(
    options: EmbeddedPostgresOptions,
    { first, supervision }: { first: EmbeddedPostgres; supervision: PostgresSupervision },
  ) {
    this.#options = options;
    this.#supervision = supervision;
    this.#current = first;
    this.#up.resolve();
    this.#watching = this.#keepRunning();
  }

  get up(): Promise<void> {
    return this.#up.promise;
  }

  get lastAwayAtMs(): number {
    return this.#current ? this.#endedAtMs : performance.now();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.[Symbol.asyncDispose]();
    await this.#watching;
  }

  async #keepRunning(): Promise<void> {
    while (this.#current) {
      const what = await this.#untilEnded(this.#current);
      if (this.#stopping.signal.aborted) return;
      this.#current = undefined;
      this.#endedAtMs = performance.now();
      this.#up = Promise.withResolvers();
      this.#current = await this.#startAgain(what);
    }
  }

  /** @returns a sentence on how Postgres ended */
  async #untilEnded(postgres: EmbeddedPostgres): Promise<string> {
    let hasHung = false;
    const onHang = () => {
      hasHung = true;
      postgres.kill();
    };
    const ask = (timeoutMs: number) => answers(postgres, timeoutMs);
    using _watch = watchForHang({ ask, onHang }, this.#supervision.hang ?? HANG);
    const how = await postgres.ended;
    return hasHung ? 'Postgres did not answer any more and was killed.' : `Postgres ended (${how}).`;
  }

  /** @returns undefined after `stop` */
  async #startAgain(what: string): Promise<EmbeddedPostgres | undefined> {
    for (let reason = what; ; ) {
      await this.#pause(reason);
      if (this.#stopping.signal.aborted) return undefined;
      try {
        this.#startedAtMs = performance.now();
        const postgres = await startEmbeddedPostgres(this.#options);
        if (this.#stopping.signal.aborted) {
          await postgres[Symbol.asyncDispose]();
          return undefined;
        }
        this.#supervision.say('Postgres is ready again.');
        this.#endedAtMs = performance.now();
        this.#up.resolve();
        return postgres;
      } catch (error) {
        reason = error instanceof StartupError ? error.message : `Postgres did not start: ${error}.`;
      }
    }
  }

  async #pause(what: string): Promise<void> {
    const pauseMs = this.#pauses.next(performance.now() - this.#startedAtMs);
    this.#supervision.say(`${what} Starting it again in ${pauseMs / 1000} s.`);
    const { signal } = this.#stopping;
    await sleep(pauseMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** Asks for TLS: any answer shows life. It takes no session and leaves no line in the log. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

function answers({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => resolve(false), timeoutMs);
  socket.once('connect', () => socket.write(SSL_REQUEST));
  socket.once('data', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('close', () => resolve(false));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
