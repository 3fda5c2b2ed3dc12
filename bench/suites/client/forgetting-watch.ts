import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient } from '@rollcall/user-client';

/** One client's memory of one user, changed. */
export interface Gone {
  readonly id: string;
  /** When the old version was seen to be gone, in ms since 1970; where it never was, when nobody looked any longer. */
  readonly atMs: number;
}

/** Whoever remembers users. */
export type Rememberer = Pick<UserClient, 'peek'>;

interface Awaited {
  readonly id: string;
  readonly client: Rememberer;
  readonly version: bigint;
}

const POLL_MS = 1;

/**
 * Looks into the memory of clients every millisecond, until what they held is gone or has been replaced by something newer.
 * Disposing of it stops the looking.
 */
export class ForgettingWatch implements Disposable {
  readonly #clients: readonly Rememberer[];
  readonly #gone: Gone[] = [];
  #awaited: Awaited[] = [];
  #isEnding = false;
  readonly #looking: Promise<void>;

  constructor(clients: readonly Rememberer[]) {
    this.#clients = clients;
    this.#looking = this.#look();
  }

  /** Begins to wait for every client to forget this user; each must know it. */
  expect(id: string): void {
    for (const client of this.#clients) {
      const user = client.peek(id);
      if (user === undefined) throw new Error(`user ${id} was unknown before it was changed`);
      this.#awaited.push({ id, client, version: user.version });
    }
  }

  /** Waits until all have forgotten, `limitMs` at most, and answers one line for each client and user. */
  async end(limitMs: number): Promise<readonly Gone[]> {
    const giveUpAt = performance.now() + limitMs;
    while (this.#awaited.length > 0 && performance.now() < giveUpAt) await sleep(POLL_MS);
    this.#isEnding = true;
    await this.#looking;
    const atMs = nowMs();
    return [...this.#gone, ...this.#awaited.map(({ id }) => ({ id, atMs }))];
  }

  [Symbol.dispose](): void {
    this.#isEnding = true;
  }

  async #look(): Promise<void> {
    while (!this.#isEnding) {
      await sleep(POLL_MS);
      const atMs = nowMs();
      const isGone = ({ id, client, version }: Awaited) => client.peek(id)?.version !== version;
      for (const each of this.#awaited) if (isGone(each)) this.#gone.push({ id: each.id, atMs });
      this.#awaited = this.#awaited.filter((each) => !isGone(each));
    }
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
