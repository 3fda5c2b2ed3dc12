import type { TouchedViews, UserChangeKind } from '@rollcall/contract/user';

/** A change as WatchUsers sends it. */
export interface LoggedChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly kind: UserChangeKind;
  readonly touchedViews: TouchedViews;
}

/** All changes since the fake was created, and the promise of the next one. */
export class ChangeLog {
  readonly #changes: LoggedChange[] = [];
  #epoch = 1;
  #feed = 1;
  #nextChange = Promise.withResolvers<void>();

  append(change: LoggedChange): void {
    this.#changes.push(change);
    this.#nextChange.resolve();
    this.#nextChange = Promise.withResolvers();
  }

  /** The position behind the last change. */
  get end(): number {
    return this.#changes.length;
  }

  /** The changes after a position. */
  after(position: number): readonly LoggedChange[] {
    return this.#changes.slice(position);
  }

  /** Resolves at the next change. */
  get nextChange(): Promise<void> {
    return this.#nextChange.promise;
  }

  /** Identity of the feed in checkpoints. */
  get feed(): string {
    return `fake-feed-${this.#feed}`;
  }

  /** The cursor of a position. */
  toCursor(position: number): string {
    return `fake-${this.#epoch}-${position}`;
  }

  /** The position of a cursor. Undefined: it has expired, or is invalid. */
  positionOf(cursor: string): number | undefined {
    const [, epoch, position] = /^fake-(\d{1,15})-(\d{1,15})$/.exec(cursor) ?? [];
    return Number(epoch) === this.#epoch && Number(position) <= this.end ? Number(position) : undefined;
  }

  /** Expires all cursors so far. */
  expireCursors(): void {
    this.#epoch += 1;
  }

  /** Starts a feed with a new identity. */
  startNewFeed(): void {
    this.expireCursors();
    this.#feed += 1;
  }
}
