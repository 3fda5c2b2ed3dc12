import { backoffMs, REFUSED_BACKOFF } from './watch-stream.ts';

/** Most tenants of one stream, as the contract has it. */
export const MAX_WATCHED_TENANTS = 1_000;

/**
 * Which tenants to watch. One stream is for all of them, and one that is not granted would cost the others their news: so
 * those who were watched before are kept apart from those who are tried. A trial that is denied is halved until the tenant at
 * fault stands alone; that one is tried again rarely.
 */
export class WatchRoster {
  readonly #random: () => number;
  readonly #watched = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #denied = new Map<string, number>();
  #trial: string[] = [];
  #trialSize = MAX_WATCHED_TENANTS;
  #denials = 0;
  #tryAtMs = Number.NEGATIVE_INFINITY;

  constructor(random: () => number) {
    this.#random = random;
  }

  has(tenantId: string): boolean {
    return this.#watched.has(tenantId) || this.#waiting.has(tenantId) || this.#denied.has(tenantId);
  }

  /** Takes in a tenant. Answers false where there is no room. */
  add(tenantId: string): boolean {
    if (this.size >= MAX_WATCHED_TENANTS) return false;
    this.#waiting.add(tenantId);
    return true;
  }

  get size(): number {
    return this.#watched.size + this.#waiting.size + this.#denied.size;
  }

  /** Tenants that the caller may not watch, as far as is known. */
  get deniedCount(): number {
    return this.#denied.size;
  }

  /** Whether a new stream would be of more tenants than the last one. */
  hasMore(nowMs: number): boolean {
    return nowMs >= this.#tryAtMs && (this.#waiting.size > 0 || this.#isDue(nowMs));
  }

  /** The tenants of the next stream, those to try among them. None: all there are were denied. */
  next(nowMs: number): string[] {
    this.#trial = [];
    if (this.hasMore(nowMs)) {
      if (this.#isDue(nowMs)) this.#forgive(nowMs);
      this.#trial = [...this.#waiting].slice(0, this.#trialSize);
    }
    return [...this.#watched, ...this.#trial];
  }

  /** The stream is up. */
  accepted(): void {
    for (const tenantId of this.#trial) {
      this.#waiting.delete(tenantId);
      this.#watched.add(tenantId);
    }
    if (this.#trial.length > 0) {
      this.#denials = 0;
      this.#trialSize = Math.min(MAX_WATCHED_TENANTS, 2 * this.#trialSize);
    }
    this.#trial = [];
  }

  /**
   * The stream was denied. Answers whether to go on at once: with those watched before, a new trial only after a pause.
   * False: there are none, and the pause is the caller's to make.
   */
  deny(nowMs: number): boolean {
    if (this.#trial.length === 0) this.#doubt();
    const { length } = this.#trial;
    if (length === 0) return false;
    this.#trialSize = Math.max(1, Math.floor(length / 2));
    for (const tenantId of this.#trial) {
      this.#waiting.delete(tenantId);
      // Behind the others: where one tenant is at fault, the first without it are watched after one more denial at most.
      if (length > 1) this.#waiting.add(tenantId);
      else this.#denied.set(tenantId, nowMs + REFUSED_BACKOFF.maxMs);
    }
    if (this.#watched.size === 0) return false;
    this.#tryAtMs = nowMs + backoffMs(++this.#denials, this.#random, REFUSED_BACKOFF);
    return true;
  }

  /** One of those who were watched has lost its grant, and nobody says which: they were a trial of all. */
  #doubt(): void {
    this.#trial = [...this.#watched];
    for (const tenantId of this.#trial) this.#waiting.add(tenantId);
    this.#watched.clear();
    this.#tryAtMs = Number.NEGATIVE_INFINITY;
  }

  #isDue(nowMs: number): boolean {
    for (const atMs of this.#denied.values()) if (nowMs >= atMs) return true;
    return false;
  }

  #forgive(nowMs: number): void {
    for (const [tenantId, atMs] of this.#denied) {
      if (nowMs < atMs) continue;
      this.#denied.delete(tenantId);
      this.#waiting.add(tenantId);
    }
  }
}
