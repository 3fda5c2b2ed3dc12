import type { TouchedViews, UserChangeKind } from '@rollcall/contract/user';

/** One change, as WatchUsers tells it. */
export interface LoggedChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly kind: UserChangeKind;
  readonly touchedViews: TouchedViews;
}

/** Every change since the fake was made, and who waits for the next one. */
export class ChangeLog {
  readonly #changes: LoggedChange[] = [];
  #epoch = 1;
  #feed = 1;
  #grown = Promise.withResolvers<void>();

  append(change: LoggedChange): void {
    this.#changes.push(change);
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }

  /** Where a watcher begins that wants nothing of the past. */
  get end(): number {
    return this.#changes.length;
  }

  /** What lies behind a position. */
  after(position: number): readonly LoggedChange[] {
    return this.#changes.slice(position);
  }

  /** Settles at the next change. */
  get nextChange(): Promise<void> {
    return this.#grown.promise;
  }

  /** Identity of the feed, as checkpoints name it. */
  get feed(): string {
    return `fake-feed-${this.#feed}`;
  }

  /** The cursor of a position. */
  toCursor(position: number): string {
    return `fake-${this.#epoch}-${position}`;
  }

  /** The position of a cursor. Undefined: it has expired, or was never handed out. */
  positionOf(cursor: string): number | undefined {
    const [, epoch, position] = /^fake-(\d{1,15})-(\d{1,15})$/.exec(cursor) ?? [];
    return Number(epoch) === this.#epoch && Number(position) <= this.end ? Number(position) : undefined;
  }

  /** No cursor that was handed out up to now is good any more. */
  expireCursors(): void {
    this.#epoch += 1;
  }

  /** The feed is another one from now on. */
  startNewFeed(): void {
    this.expireCursors();
    this.#feed += 1;
  }
}
