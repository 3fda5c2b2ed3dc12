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

interface Held {
  readonly client: Rememberer;
  readonly version: bigint;
}

/** One user, and who still remembers what it was. */
interface Awaited {
  readonly id: string;
  held: Held[];
  /** Somebody has forgotten it, so that the others are about to. */
  isLeaving: boolean;
}

const POLL_MS = 1;
/** How many clients are looked into for a user that nobody has forgotten yet; at each look the next ones. */
const SAMPLE = 3;

/**
 * Looks into the memory of clients every millisecond, until what they held is gone or has been replaced by something newer.
 * Disposing of it stops the looking.
 *
 * The looking is done on the thread on which the clients hear their news. Into every memory for every user at every look,
 * it took a third of that thread, and measured itself: so what they hold is noted before the clock runs, and as long as
 * none of a few clients has forgotten a user, the others are not looked into for it. What that adds is a look or two to
 * whoever forgets first; nobody is ever seen to forget too early.
 */
export class ForgettingWatch implements Disposable {
  readonly #clients: readonly Rememberer[];
  readonly #known = new Map<string, Held[]>();
  readonly #gone: Gone[] = [];
  #awaited: Awaited[] = [];
  #turn = 0;
  #isEnding = false;
  readonly #looking: Promise<void>;

  /** @param ids users that will be waited for; each client must know them. */
  constructor(clients: readonly Rememberer[], ids: readonly string[]) {
    this.#clients = clients;
    for (const id of ids) this.#known.set(id, this.#note(id));
    this.#looking = this.#look();
  }

  /** Begins to wait for every client to forget this user, which is one of those announced. */
  expect(id: string): void {
    const held = this.#known.get(id);
    if (held === undefined) throw new Error(`user ${id} was not announced to the watch`);
    this.#awaited.push({ id, held, isLeaving: false });
  }

  /** Waits until all have forgotten, `limitMs` at most, and answers one line for each client and user. */
  async end(limitMs: number): Promise<readonly Gone[]> {
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

  #lookFor(each: Awaited, atMs: number): void {
    const { id, held } = each;
    const isHeld = ({ client, version }: Held) => client.peek(id)?.version === version;
    for (let i = 0; i < SAMPLE && !each.isLeaving; i++) {
      const sample = held[(this.#turn + i) % held.length];
      each.isLeaving = sample !== undefined && !isHeld(sample);
    }
    if (!each.isLeaving) return;
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
