import type { LimitRefusal } from '../../callers/caller-limits.ts';

/** Limits of public methods and paths: health, reflection, plain GET routes. */
export interface PublicCallBounds {
  /** Calls per second from one address to one method or path. @defaultValue 500 */
  readonly ratePerSecond: number;
  /** Calls from one address to one method or path at once, after a pause. @defaultValue 1000 */
  readonly burst: number;
  /** Calls of one method or path in progress in this process. Open streams count. @defaultValue 1000 */
  readonly concurrency: number;
  /**
   * Calls in progress of a method that streams in both directions, where a caller that does not read leaves a
   * whole answer waiting.
   * @defaultValue 400
   */
  readonly bidiConcurrency: number;
}

const DEFAULTS: PublicCallBounds = {
  ratePerSecond: 500,
  burst: 1000,
  concurrency: 1000,
  bidiConcurrency: 400,
};

// A network has many addresses, so the oldest bucket is dropped.
const MAX_BUCKETS = 10_000;
const CONCURRENCY_RETRY_MS = 100;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Counts public calls by address and name. */
export class PublicCallLimits {
  readonly #bounds: PublicCallBounds;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #active = new Map<string, number>();

  /** @param now monotonic clock in milliseconds */
  constructor(bounds: Partial<PublicCallBounds> = {}, now: () => number = () => performance.now()) {
    this.#bounds = { ...DEFAULTS, ...bounds };
    this.#now = now;
  }

  /**
   * Takes a slot. Returns the function that releases it, or the reason for refusing.
   * @param peer address of the caller, `host:port`
   * @param isBidi whether both sides stream; default: false
   */
  enter(name: string, peer: string, isBidi = false): (() => void) | LimitRefusal {
    const { concurrency, bidiConcurrency } = this.#bounds;
    const active = this.#active.get(name) ?? 0;
    if (active >= (isBidi ? bidiConcurrency : concurrency))
      return { limit: 'concurrency', retryMs: CONCURRENCY_RETRY_MS };
    const refusal = this.count(name, peer);
    if (refusal) return refusal;
    this.#active.set(name, active + 1);
    return () => void this.#active.set(name, (this.#active.get(name) ?? 1) - 1);
  }

  /** Counts another request of a stream that has a slot. Returns the reason for refusing it, if any. */
  count(name: string, peer: string): LimitRefusal | undefined {
    const bucket = this.#bucketOf(`${name} ${peer.replace(/:\d+$/, '')}`);
    if (bucket.tokens < 1)
      return { limit: 'rate', retryMs: Math.ceil(((1 - bucket.tokens) * 1000) / this.#bounds.ratePerSecond) };
    bucket.tokens -= 1;
    return undefined;
  }

  #bucketOf(key: string): Bucket {
    const { ratePerSecond, burst } = this.#bounds;
    const nowMs = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAtMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1000) * ratePerSecond);
    bucket.filledAtMs = nowMs;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
