import pg from 'pg';
import { watchCurrentCall } from '../rpc/call.ts';

/** No connection became free in time. The statement has not begun. */
export class PoolExhaustedError extends Error {
  override readonly name = 'PoolExhaustedError';
}

/** The call that waited for a connection has ended. The statement has not begun. */
export class CallEndedError extends Error {
  override readonly name = 'CallEndedError';
}

/**
 * Keeps the process alive when a connection of a pool breaks while it is idle, between two statements or
 * while it closes. The next statement on it fails; without listeners the event would end the process.
 */
export function surviveBrokenConnections(pool: pg.Pool): void {
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
}

type Callback = Parameters<pg.Pool['connect']>[0];

/**
 * A pool with a bounded wait: a request waits at most `maxWaitMs` for a connection, is refused when the queue
 * is full, and gets no connection after its call has ended.
 */
export class BoundedPool extends pg.Pool {
  readonly #maxWaitMs: number;
  readonly #maxWaiting: number;
  readonly #connected = new Set<pg.PoolClient>();
  /** Connections that must not be used again. */
  readonly #outdated = new Set<pg.PoolClient>();

  constructor(config: pg.PoolConfig & { max: number }, { maxWaitMs }: { maxWaitMs: number }) {
    super(config);
    this.#maxWaitMs = maxWaitMs;
    this.#maxWaiting = 100 * config.max;
    surviveBrokenConnections(this);
    this.on('connect', (client) => this.#connected.add(client));
    this.on('remove', (client) => {
      this.#connected.delete(client);
      this.#outdated.delete(client);
    });
  }

  /** Replaces every connection before its next use, because the address may now lead to another server. */
  renew(): void {
    for (const client of this.#connected) this.#outdated.add(client);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (this.#outdated.size > 0) return this.#answer(this.#connectAnew(), callback);
    if (this.idleCount > this.waitingCount || this.totalCount < this.options.max) {
      return callback ? void super.connect(callback) : super.connect();
    }
    return this.#answer(this.#queue(), callback);
  }

  #answer(client: Promise<pg.PoolClient>, callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (!callback) return client;
    client.then(
      (each) => callback(undefined, each, (release) => each.release(release)),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  async #connectAnew(): Promise<pg.PoolClient> {
    for (;;) {
      const hasOne = this.idleCount > this.waitingCount || this.totalCount < this.options.max;
      const client = await (hasOne ? super.connect() : this.#queue());
      if (!this.#outdated.has(client)) return client;
      client.release(true);
    }
  }

  async #queue(): Promise<pg.PoolClient> {
    if (this.waitingCount >= this.#maxWaiting) throw this.#busy();
    const hasEnded = watchCurrentCall();
    const client = await this.#wait();
    if (!hasEnded()) return client;
    client.release();
    throw new CallEndedError('The call ended while it waited for a database connection.');
  }

  #wait(): Promise<pg.PoolClient> {
    const { promise, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      reject(this.#busy());
    }, this.#maxWaitMs);
    super.connect().then(
      (client) => {
        clearTimeout(timer);
        if (isTimedOut) client.release();
        else resolve(client);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
    return promise;
  }

  #busy(): PoolExhaustedError {
    return new PoolExhaustedError(
      `All ${this.options.max} database connections are in use, and others wait for them.`,
    );
  }
}
