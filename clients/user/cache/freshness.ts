import type { CachedUser } from '../model/cached-user.ts';
import type { FeedHealth } from '../model/change-sink.ts';
import type { Clock } from '../model/user-reader.ts';

/** How long answers are good. */
export interface FreshnessOptions {
  /** Age in ms up to which a user is answered without asking. 0: always ask. */
  ttlMs: number;
  /** The same while the change feed has told of every change since the user was read. */
  liveTtlMs: number;
  /** `ttlMs` for an id that is missing. */
  missingTtlMs: number;
  /** `liveTtlMs` for an id that is missing. */
  liveMissingTtlMs: number;
  /** Share of its life after which a user that is asked for is also read anew. 0: never. */
  refreshAheadRatio: number;
}

/** A feed that nothing arrives from. */
export const NO_FEED: FeedHealth = { liveSinceMs: () => undefined };

/** `young`: answer it. `ripe`: answer it, and read it anew meanwhile; so is what is due. `old`: ask. */
export type Ripeness = 'young' | 'ripe' | 'old';

/** Says how long what is remembered may be answered without asking. */
export class Freshness {
  /** Whatever was read before is of an earlier process, and only good for an outage. */
  readonly bornAtMs: number;
  readonly #options: FreshnessOptions;
  readonly #feed: FeedHealth;
  readonly #clock: Clock;
  /** Below this age a user is young, whatever the feed says. */
  readonly #youngMs: number;
  readonly #lostAtMs = new Map<string, number>();
  /** Whatever was read before is lost, of every tenant. */
  #allLostBeforeMs = Number.NEGATIVE_INFINITY;
  /** The latest of them, so that a hit seldom needs to look its tenant up. */
  #lastLostAtMs: number;

  /** `clock` may be coarse: it is asked at every hit. */
  constructor(options: FreshnessOptions, feed: FeedHealth, clock: Clock) {
    this.#options = options;
    this.#feed = feed;
    this.#clock = clock;
    this.#youngMs = options.ttlMs * (options.refreshAheadRatio || 1) || Number.NEGATIVE_INFINITY;
    this.bornAtMs = Math.floor(clock());
    this.#lastLostAtMs = this.bornAtMs - 1;
  }

  /** How old a user may get. 0: it must be asked for. */
  lifeMs(id: string, { user, readAtMs, dueVersion }: CachedUser): number {
    if (this.isLost(user.tenantId, readAtMs)) return 0;
    // Where nothing is read in the background, what is due is read by the next caller.
    if (dueVersion !== undefined && this.#options.refreshAheadRatio === 0) return 0;
    // Changes of a survivor are told under its own id, and not under the id that was merged away.
    const isVouched = user.id === id && this.isVouched(user.tenantId, readAtMs);
    return isVouched ? this.#options.liveTtlMs : this.#options.ttlMs;
  }

  /** The same for an id that is missing. */
  missingLifeMs(tenantId: string, readAtMs: number): number {
    if (this.isLost(tenantId, readAtMs)) return 0;
    const { liveMissingTtlMs, missingTtlMs } = this.#options;
    return this.isVouched(tenantId, readAtMs) ? liveMissingTtlMs : missingTtlMs;
  }

  judge(id: string, entry: CachedUser): Ripeness {
    const { readAtMs, dueVersion } = entry;
    const differenceMs = this.#clock() - readAtMs;
    if (differenceMs < this.#youngMs && readAtMs > this.#lastLostAtMs && dueVersion === undefined)
      return 'young';
    // A coarse clock may be behind the one that read: nothing is younger than new, and a life of 0 always asks.
    const ageMs = Math.max(0, differenceMs);
    const lifeMs = this.lifeMs(id, entry);
    if (ageMs >= lifeMs) return 'old';
    if (dueVersion !== undefined) return 'ripe';
    const { refreshAheadRatio } = this.#options;
    return refreshAheadRatio > 0 && ageMs >= lifeMs * refreshAheadRatio ? 'ripe' : 'young';
  }

  /** Whether the answer that an id is missing may be given without asking. */
  isMissingFresh(tenantId: string, readAtMs: number): boolean {
    return Math.max(0, this.#clock() - readAtMs) < this.missingLifeMs(tenantId, readAtMs);
  }

  /** Nothing of these tenants that was read up to `nowMs` is fresh any more. */
  lose(tenantIds: readonly string[], nowMs: number): void {
    for (const tenantId of tenantIds) this.#lostAtMs.set(tenantId, nowMs);
    if (tenantIds.length > 0) this.#lastLostAtMs = Math.max(this.#lastLostAtMs, nowMs);
  }

  /** Nothing that was read before is fresh any more, of any tenant. The time may lie ahead. */
  loseAll(beforeMs: number): void {
    this.#allLostBeforeMs = beforeMs;
    this.#lastLostAtMs = Math.max(this.#lastLostAtMs, beforeMs);
  }

  /** Whether changes since then may have gone untold, or it was read by an earlier process. */
  isLost(tenantId: string, readAtMs: number): boolean {
    if (readAtMs > this.#lastLostAtMs) return false;
    if (readAtMs < this.#allLostBeforeMs) return true;
    return readAtMs < this.bornAtMs || readAtMs <= (this.#lostAtMs.get(tenantId) ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether every change of the tenant since then has been told. */
  isVouched(tenantId: string, readAtMs: number): boolean {
    const sinceMs = this.#feed.liveSinceMs(tenantId);
    return sinceMs !== undefined && sinceMs <= readAtMs;
  }
}
