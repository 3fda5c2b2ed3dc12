import { type FeedLostReason, publish } from '../model/diagnostics.ts';
import type { FeedPosition } from './feed-position.ts';

/** Publishes on the diagnostics channels when tenants are covered, and when they no longer are. */
export class FeedReport {
  readonly #position: FeedPosition;
  #live = new Set<string>();
  #error: unknown;

  constructor(position: FeedPosition) {
    this.#position = position;
  }

  /** A checkpoint arrived. */
  onCheckpoint(): void {
    if (this.#position.isLive) this.#error = undefined;
    this.check();
  }

  /** The stream broke with this error. Undefined: the server ended it without one. */
  onBreak(error: unknown): void {
    this.#error = error;
    this.check();
  }

  /** Publishes where the feed became live or late. Call it whenever time may have changed that. */
  check(): void {
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

  /** Publishes a gap, also for tenants whose feed was reported as late before. */
  onGap(
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
