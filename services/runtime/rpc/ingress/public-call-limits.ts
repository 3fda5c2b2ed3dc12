import type { LimitRefusal } from '../../callers/caller-limits.ts';

/** Bounds on what everybody may ask for, known or not: health, reflection, plain pages. */
export interface PublicCallBounds {
  /** Calls a second of one address and one method or page. Default 500. */
  readonly ratePerSecond: number;
  /** Calls of one address and one method or page at once, after a pause. Default 1000. */
  readonly burst: number;
  /** The most calls of one method or page that are in progress in this process; streams count while they are open. Default 1000. */
  readonly concurrency: number;
  /** The same for methods of which both sides stream: a caller that does not read leaves a whole answer waiting. Default 400. */
  readonly bidiConcurrency: number;
}

const DEFAULTS: PublicCallBounds = {
  ratePerSecond: 500,
  burst: 1000,
  concurrency: 1000,
  bidiConcurrency: 400,
};

// Addresses are free to whoever has a network of them; the oldest is forgotten, and begins anew.
const MAX_BUCKETS = 10_000;
const CONCURRENCY_RETRY_MS = 100;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Counts calls that need no grant, by address and name. */
export class PublicCallLimits {
  readonly #bounds: PublicCallBounds;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #active = new Map<string, number>();

  /** @param now monotonic, in ms. */
  constructor(bounds: Partial<PublicCallBounds> = {}, now: () => number = () => performance.now()) {
    this.#bounds = { ...DEFAULTS, ...bounds };
    this.#now = now;
  }

  /**
   * Takes a place; the answer says how to give it back, or why there is none.
   * @param peer address of the caller, `host:port`.
   * @param isBidi whether both sides stream. Default: no.
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

  /** Counts one more request of a stream that has a place; the answer says why it is refused. */
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
