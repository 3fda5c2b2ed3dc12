import { backoffMs, REFUSED_BACKOFF } from './watch-stream.ts';

/** Most tenants of one stream: the limit of the contract. */
export const MAX_WATCHED_TENANTS = 1_000;

/**
 * Chooses the tenants of the next stream. All share one, and a tenant that is not granted would cost the
 * others their changes. So a probe adds new tenants to those that were accepted. A denied probe is halved
 * until one tenant is left, and that one is tried again seldom.
 */
export class WatchedTenants {
  readonly #random: () => number;
  readonly #watched = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #denied = new Map<string, number>();
  #probe: string[] = [];
  #probeSize = MAX_WATCHED_TENANTS;
  #denials = 0;
  #probeAtMs = Number.NEGATIVE_INFINITY;

  constructor(random: () => number) {
    this.#random = random;
  }

  has(tenantId: string): boolean {
    return this.#watched.has(tenantId) || this.#waiting.has(tenantId) || this.#denied.has(tenantId);
  }

  /** Adds a tenant. Returns false where there is no room. */
  add(tenantId: string): boolean {
    if (this.size >= MAX_WATCHED_TENANTS) return false;
    this.#waiting.add(tenantId);
    return true;
  }

  get size(): number {
    return this.#watched.size + this.#waiting.size + this.#denied.size;
  }

  /** Number of tenants that the caller may not watch, as far as is known. */
  get deniedCount(): number {
    return this.#denied.size;
  }

  /** Whether the next stream would have more tenants than the current one. */
  hasMore(nowMs: number): boolean {
    return nowMs >= this.#probeAtMs && (this.#waiting.size > 0 || this.#isDue(nowMs));
  }

  /** The tenants of the next stream, including a probe. Empty: all were denied. */
  next(nowMs: number): string[] {
    this.#probe = [];
    if (this.hasMore(nowMs)) {
      if (this.#isDue(nowMs)) this.#retryDenied(nowMs);
      this.#probe = [...this.#waiting].slice(0, this.#probeSize);
    }
    return [...this.#watched, ...this.#probe];
  }

  /** Accepts the probe: the stream is up. */
  accepted(): void {
    for (const tenantId of this.#probe) {
      this.#waiting.delete(tenantId);
      this.#watched.add(tenantId);
    }
    if (this.#probe.length > 0) {
      this.#denials = 0;
      this.#probeSize = Math.min(MAX_WATCHED_TENANTS, 2 * this.#probeSize);
    }
    this.#probe = [];
  }

  /**
   * Denies the stream. Returns true where the accepted tenants can go on at once; the next probe waits for a
   * pause. False: no tenant is accepted, and the caller pauses.
   */
  deny(nowMs: number): boolean {
    if (this.#probe.length === 0) this.#splitOnDenial();
    const { length } = this.#probe;
    if (length === 0) return false;
    this.#probeSize = Math.max(1, Math.floor(length / 2));
    for (const tenantId of this.#probe) {
      this.#waiting.delete(tenantId);
      // Behind the others: with one denied tenant, at most one more denial comes before the rest is watched.
      if (length > 1) this.#waiting.add(tenantId);
      else this.#denied.set(tenantId, nowMs + REFUSED_BACKOFF.maxMs);
    }
    if (this.#watched.size === 0) return false;
    this.#probeAtMs = nowMs + backoffMs(++this.#denials, this.#random, REFUSED_BACKOFF);
    return true;
  }

  /**
   * Turns all accepted tenants into a probe: one of them lost its grant, and the service does not say which.
   */
  #splitOnDenial(): void {
    this.#probe = [...this.#watched];
    for (const tenantId of this.#probe) this.#waiting.add(tenantId);
    this.#watched.clear();
    this.#probeAtMs = Number.NEGATIVE_INFINITY;
  }

  #isDue(nowMs: number): boolean {
    for (const atMs of this.#denied.values()) if (nowMs >= atMs) return true;
    return false;
  }

  #retryDenied(nowMs: number): void {
    for (const [tenantId, atMs] of this.#denied) {
      if (nowMs < atMs) continue;
      this.#denied.delete(tenantId);
      this.#waiting.add(tenantId);
    }
  }
}
