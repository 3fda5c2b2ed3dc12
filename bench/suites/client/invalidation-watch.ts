import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient } from '@rollcall/user-client';

/** The moment when one client no longer showed the old version of one user. */
export interface Invalidated {
  readonly id: string;
  /** Milliseconds since 1970. For a version that never went: when the watch ended. */
  readonly atMs: number;
}

/** A cache of users. */
export type PeekableCache = Pick<UserClient, 'peek'>;

interface Held {
  readonly client: PeekableCache;
  readonly version: bigint;
}

/** One user, and the caches that still hold its old version. */
interface AwaitedUser {
  readonly id: string;
  held: Held[];
  /** Whether one cache has dropped the old version, so that the others soon will. */
  isInvalidating: boolean;
}

const POLL_MS = 1;
/** Caches polled for a user while all of them hold the old version. Each poll takes the next ones. */
const SAMPLE = 3;

/**
 * Polls caches every millisecond until each has dropped or replaced the old version of a user. Disposing
 * stops the polling.
 *
 * Polling shares the thread that the clients read their feed on. Polling every cache for every user took a
 * third of that thread and measured itself. So old versions are recorded before the clock runs, and while
 * none of a few sampled caches has dropped a user, the others are not polled for it. The first drop may be
 * seen one or two polls late, never early.
 */
export class InvalidationWatch implements Disposable {
  readonly #clients: readonly PeekableCache[];
  readonly #known = new Map<string, Held[]>();
  readonly #gone: Invalidated[] = [];
  #awaited: AwaitedUser[] = [];
  #turn = 0;
  #isEnding = false;
  readonly #looking: Promise<void>;

  /** @param ids users to wait for later. Each cache must hold them. */
  constructor(clients: readonly PeekableCache[], ids: readonly string[]) {
    this.#clients = clients;
    for (const id of ids) this.#known.set(id, this.#note(id));
    this.#looking = this.#look();
  }

  /**
   * Starts to wait until every cache has dropped the old version of a user.
   * @throws Error when `ids` lacked it.
   */
  expect(id: string): void {
    const held = this.#known.get(id);
    if (held === undefined) throw new Error(`user ${id} was not announced to the watch`);
    this.#awaited.push({ id, held, isInvalidating: false });
  }

  /**
   * Waits at most `limitMs` until all caches have dropped all users. Returns one entry for each cache and
   * user.
   */
  async end(limitMs: number): Promise<readonly Invalidated[]> {
    const giveUpAt = performance.now() + limitMs;
    while (this.#awaited.length > 0 && performance.now() < giveUpAt) await sleep(POLL_MS);
    this.#isEnding = true;
    await this.#looking;
    const atMs = nowMs();
    return [...this.#gone, ...this.#awaited.flatMap(({ id, held }) => held.map(() => ({ id, atMs })))];
  }

  [Symbol.dispose](): void {
    this.#isEnding = true;
  }

  async #look(): Promise<void> {
    while (!this.#isEnding) {
      await sleep(POLL_MS);
      const atMs = nowMs();
      this.#turn += SAMPLE;
      for (const each of this.#awaited) this.#lookFor(each, atMs);
      this.#awaited = this.#awaited.filter(({ held }) => held.length > 0);
    }
  }

  #lookFor(each: AwaitedUser, atMs: number): void {
    const { id, held } = each;
    const isHeld = ({ client, version }: Held) => client.peek(id)?.version === version;
    for (let i = 0; i < SAMPLE && !each.isInvalidating; i++) {
      const sample = held[(this.#turn + i) % held.length];
      each.isInvalidating = sample !== undefined && !isHeld(sample);
    }
    if (!each.isInvalidating) return;
    each.held = held.filter(isHeld);
    for (let i = each.held.length; i < held.length; i++) this.#gone.push({ id, atMs });
  }

  #note(id: string): Held[] {
    return this.#clients.map((client) => {
      const user = client.peek(id);
      if (user === undefined) throw new Error(`user ${id} was unknown before it was changed`);
      return { client, version: user.version };
    });
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
