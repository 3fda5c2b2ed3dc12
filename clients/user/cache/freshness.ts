import type { CachedUser } from '../model/cached-user.ts';
import type { FeedHealth } from '../model/change-sink.ts';
import type { Clock } from '../model/user-reader.ts';

/** How long answers are served from memory without asking. */
export interface FreshnessOptions {
  /** Age in ms up to which a user is served without asking. 0: always ask. */
  ttlMs: number;
  /** Age in ms up to which a user is served while the change feed covers it. */
  liveTtlMs: number;
  /** `ttlMs` for an id that is missing. */
  missingTtlMs: number;
  /** `liveTtlMs` for an id that is missing. */
  liveMissingTtlMs: number;
  /** Share of its ttl after which a user that is asked for is also refreshed in the background. 0: never. */
  refreshAheadRatio: number;
}

/** The change feed of a client that has none: it covers no tenant. */
export const NO_FEED: FeedHealth = { liveSinceMs: () => undefined };

/** `fresh`: serve it. `refresh-ahead`: serve it, and read it in the background. `stale`: ask the service. */
export type Freshness = 'fresh' | 'refresh-ahead' | 'stale';

/** Decides how long an entry of the cache is served without asking. */
export class FreshnessPolicy {
  /**
   * Point on the client's clock at which this process started. Earlier entries come from a snapshot and serve
   * an outage only.
   */
  readonly startedAtMs: number;
  readonly #options: FreshnessOptions;
  readonly #feed: FeedHealth;
  readonly #clock: Clock;
  /** Age in ms below which a user is fresh, whatever the change feed says. */
  readonly #freshMs: number;
  readonly #invalidatedAtMs = new Map<string, number>();
  /** Entries of every tenant that were read before are invalidated. */
  #allInvalidatedBeforeMs = Number.NEGATIVE_INFINITY;
  /** The latest invalidation of any tenant, so that a hit seldom has to look its tenant up. */
  #lastInvalidatedAtMs: number;

  /** @param clock may be coarse: it is asked at every hit. */
  constructor(options: FreshnessOptions, feed: FeedHealth, clock: Clock) {
    this.#options = options;
    this.#feed = feed;
    this.#clock = clock;
    this.#freshMs = options.ttlMs * (options.refreshAheadRatio || 1) || Number.NEGATIVE_INFINITY;
    this.startedAtMs = Math.floor(clock());
    this.#lastInvalidatedAtMs = this.startedAtMs - 1;
  }

  /** Age in ms from which this entry is asked for. 0: at the next read. */
  ttlMs(id: string, { user, readAtMs, dueVersion }: CachedUser): number {
    if (this.isInvalidated(user.tenantId, readAtMs)) return 0;
    // Without background reads, the next caller reads an entry that is due.
    if (dueVersion !== undefined && this.#options.refreshAheadRatio === 0) return 0;
    // The feed announces changes of a survivor under its own id, not under the id that was merged away.
    const isCovered = user.id === id && this.isCoveredByFeed(user.tenantId, readAtMs);
    return isCovered ? this.#options.liveTtlMs : this.#options.ttlMs;
  }

  /** `ttlMs` of an id that is missing. */
  missingTtlMs(tenantId: string, readAtMs: number): number {
    if (this.isInvalidated(tenantId, readAtMs)) return 0;
    const { liveMissingTtlMs, missingTtlMs } = this.#options;
    return this.isCoveredByFeed(tenantId, readAtMs) ? liveMissingTtlMs : missingTtlMs;
  }

  classify(id: string, entry: CachedUser): Freshness {
    const { readAtMs, dueVersion } = entry;
    const differenceMs = this.#clock() - readAtMs;
    if (differenceMs < this.#freshMs && readAtMs > this.#lastInvalidatedAtMs && dueVersion === undefined)
      return 'fresh';
    // A coarse clock may be behind the reading clock. An age is never below 0, and a ttl of 0 always asks.
    const ageMs = Math.max(0, differenceMs);
    const ttlMs = this.ttlMs(id, entry);
    if (ageMs >= ttlMs) return 'stale';
    if (dueVersion !== undefined) return 'refresh-ahead';
    const { refreshAheadRatio } = this.#options;
    return refreshAheadRatio > 0 && ageMs >= ttlMs * refreshAheadRatio ? 'refresh-ahead' : 'fresh';
  }

  /** Whether the answer that an id is missing may be given without asking. */
  isMissingFresh(tenantId: string, readAtMs: number): boolean {
    return Math.max(0, this.#clock() - readAtMs) < this.missingTtlMs(tenantId, readAtMs);
  }

  /** Invalidates the entries of these tenants that were read up to `nowMs`. */
  invalidateBefore(tenantIds: readonly string[], nowMs: number): void {
    for (const tenantId of tenantIds) this.#invalidatedAtMs.set(tenantId, nowMs);
    if (tenantIds.length > 0) this.#lastInvalidatedAtMs = Math.max(this.#lastInvalidatedAtMs, nowMs);
  }

  /** Invalidates the entries of every tenant that were read before this time, which may lie ahead. */
  invalidateAllBefore(beforeMs: number): void {
    this.#allInvalidatedBeforeMs = beforeMs;
    this.#lastInvalidatedAtMs = Math.max(this.#lastInvalidatedAtMs, beforeMs);
  }

  /** Whether the change feed may have missed changes since then, or an earlier process read the entry. */
  isInvalidated(tenantId: string, readAtMs: number): boolean {
    if (readAtMs > this.#lastInvalidatedAtMs) return false;
    if (readAtMs < this.#allInvalidatedBeforeMs) return true;
    const invalidatedAtMs = this.#invalidatedAtMs.get(tenantId) ?? Number.NEGATIVE_INFINITY;
    return readAtMs < this.startedAtMs || readAtMs <= invalidatedAtMs;
  }

  /** Whether the change feed has announced every change of the tenant since then. */
  isCoveredByFeed(tenantId: string, readAtMs: number): boolean {
    const sinceMs = this.#feed.liveSinceMs(tenantId);
    return sinceMs !== undefined && sinceMs <= readAtMs;
  }
}
