import { type FeedLostReason, publish } from '../model/diagnostics.ts';
import type { FeedPosition } from './feed-position.ts';

/** Tells on the diagnostics channels since when changes of which tenants are told, and when they are not any more. */
export class FeedReport {
  readonly #position: FeedPosition;
  #live = new Set<string>();
  #error: unknown;

  constructor(position: FeedPosition) {
    this.#position = position;
  }

  /** A checkpoint came. */
  reached(): void {
    if (this.#position.isLive) this.#error = undefined;
    this.look();
  }

  /** The stream broke, with this error. Undefined: the server ended it well. */
  broke(error: unknown): void {
    this.#error = error;
    this.look();
  }

  /** Called whenever time may have made news late. */
  look(): void {
    const { isLive, covered } = this.#position;
    if (!isLive) {
      const { lagMs } = this.#position;
      const error = this.#error;
      this.#lose([...this.#live], { reason: 'late', lagMs, ...(error !== undefined && { error }) });
    } else if (covered.size > this.#live.size) {
      const tenantIds = [...covered.keys()].filter((tenantId) => !this.#live.has(tenantId));
      this.#live = new Set(covered.keys());
      publish('rollcall:user-client:feed:live', () => ({ tenantIds }));
    }
  }

  /** There is a gap, also for those of whom it was told before that their news is late. */
  gap(
    tenantIds: readonly string[],
    what: { reason: 'gap' | 'replaced'; lagMs: number | undefined; error: unknown },
  ): void {
    this.#lose(tenantIds, what);
  }

  #lose(
    tenantIds: readonly string[],
    what: { reason: FeedLostReason; lagMs: number | undefined; error?: unknown },
  ): void {
    for (const tenantId of tenantIds) this.#live.delete(tenantId);
    if (tenantIds.length > 0) publish('rollcall:user-client:feed:lost', () => ({ tenantIds, ...what }));
  }
}
