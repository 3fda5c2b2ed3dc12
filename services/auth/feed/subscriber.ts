import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { FeedPosition } from './feed-position.ts';

/** What a watcher is told at once. */
export interface FeedNews {
  readonly changes: readonly UserChange[];
  /** Where to go on. */
  readonly position: FeedPosition;
  /** Every change committed before this moment has been told. */
  readonly time: Date;
}

/** How far a watcher may fall behind, in changes. Our own choice: minutes of a busy tenant, a few MB of memory. */
export const MAX_BEHIND = 20_000;

/** One watcher of the tail of the feed: what it has still to be told, and its being waited for. */
export class Subscriber {
  readonly #tenantIds: ReadonlySet<string>;
  #changes: UserChange[] = [];
  #position: FeedPosition;
  #time: Date;
  #failure: UserError | undefined;
  #wake: () => void = () => {};
  readonly #onFailure: (error: UserError) => void;

  /** @param onFailure called when the watch is ended from this side: whoever writes to a caller that does not read would never ask again. */
  constructor(
    tenantIds: readonly string[],
    onFailure: (error: UserError) => void,
    { position, time }: Pick<FeedNews, 'position' | 'time'>,
  ) {
    this.#onFailure = onFailure;
    this.#tenantIds = new Set(tenantIds);
    this.#position = position;
    this.#time = time;
  }

  /** Takes in a stretch of the feed. */
  push({ changes, position, time }: FeedNews): void {
    for (const change of changes) if (this.#tenantIds.has(change.tenantId)) this.#changes.push(change);
    this.#position = position;
    this.#time = time;
    if (this.#changes.length > MAX_BEHIND) this.fail(tooSlow(this.#changes.length));
    else if (this.#changes.length > 0) this.#wake();
  }

  /** Ends the watch, now and for good. */
  fail(error: UserError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#changes = [];
    this.#onFailure(error);
    this.#wake();
  }

  /** What there is to tell, at the latest after `patienceMs`, then with no changes. Throws what it was failed with. */
  async next(patienceMs: number, signal: AbortSignal): Promise<FeedNews> {
    if (this.#changes.length === 0 && !this.#failure && !signal.aborted) await this.#wait(patienceMs, signal);
    if (this.#failure) throw this.#failure;
    const changes = this.#changes;
    this.#changes = [];
    return { changes, position: this.#position, time: this.#time };
  }

  #wait(patienceMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }
}

function tooSlow(behind: number): UserError {
  const message = `The stream is ${behind} changes behind and was ended; resume from its last checkpoint.`;
  return new UserError('STREAM_TOO_SLOW', message, { behind: String(behind), limit: String(MAX_BEHIND) });
}
