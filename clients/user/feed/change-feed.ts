import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { type UserChange, UserService, type WatchUsersResponse } from '@rollcall/contract/user';
import type { ChangeSink, FeedHealth, SeenVersion } from '../model/change-sink.ts';
import type { Clock } from '../model/user-reader.ts';
import { FeedPosition } from './feed-position.ts';
import { FeedReport } from './feed-report.ts';
import {
  BREAK_BACKOFF,
  backoffMs,
  classifyStreamEnd,
  FeedReplacedError,
  feedOf,
  REFUSED_BACKOFF,
  readWatchStream,
  requestedPauseMs,
  type StreamEnd,
} from './watch-stream.ts';
import { WatchedTenants } from './watched-tenants.ts';

export interface ChangeFeedOptions {
  transport: Transport;
  clock: Clock;
  /** Receives changes in the order of their commits, at least once each, and gaps. */
  sink: ChangeSink;
  /**
   * Longest time between two checkpoints, in ms. A silence of three times that ends a stream. Default 1000.
   */
  tickMs?: number;
  /** Identity of the feed that the users in memory belong to. Default: none is known. */
  feed?: string;
  /** Random number from 0 to 1, which spreads retries. Default `Math.random`. */
  random?: () => number;
}

/**
 * `idle`: no tenant yet. `pausing`: after a break. `refused`: the service refused the stream, and is asked
 * again seldom.
 */
export type FeedState = 'idle' | 'connecting' | 'watching' | 'pausing' | 'refused' | 'closed';

/** Counters and state of the change feed. */
export interface FeedStats {
  readonly state: FeedState;
  /** Age in ms of the last checkpoint that counted. Undefined: none did yet. */
  readonly lagMs: number | undefined;
  /** Number of tenants to watch. Denied tenants, and tenants beyond the limit, get no changes. */
  readonly tenants: number;
  /** Number of tenants that the caller may not watch, as far as is known. */
  readonly tenantsDenied: number;
  /** Number of streams opened. */
  readonly streams: number;
  /** Number of streams that broke. Not counted: streams ended by `close`, or to add tenants. */
  readonly breaks: number;
  /** Number of changes received, repeated ones included. */
  readonly changes: number;
  /** Number of gaps: changes may have been missed, and everything known of the tenants was invalidated. */
  readonly gaps: number;
  /** The error that ended the last stream that broke. Undefined: none did. */
  readonly lastError: unknown;
}

/** The change feed of one client. */
export interface ChangeFeed extends FeedHealth, AsyncDisposable {
  /** Starts to watch this tenant soon. Does nothing where it is watched already, or 1000 tenants are. */
  watch(tenantId: string): void;
  stats(): FeedStats;
  /** Identity of the current feed. Empty: no checkpoint came yet, or the service names none. */
  readonly id: string;
  /** Ends the stream and clears all timers. Resolves once the sink is called no more. May be called again. */
  close(): Promise<void>;
}

/** Creates the change feed. Sends nothing before the first `watch`. All tenants share one stream. */
export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  return new StreamedChangeFeed(options);
}

/** Age in ms from which a stream that breaks is followed by the next one at once. */
const SETTLED_MS = 1_000;

/** Aborts a stream that is to be resumed with more tenants. */
const MORE_TENANTS = new Error('the stream is opened again with more tenants');

class StreamedChangeFeed implements ChangeFeed {
  readonly #users: Client<typeof UserService>;
  readonly #clock: Clock;
  readonly #sink: ChangeSink;
  readonly #tickMs: number;
  readonly #random: () => number;
  readonly #position: FeedPosition;
  readonly #report: FeedReport;
  readonly #tenants: WatchedTenants;
  readonly #closing = new AbortController();
  // The stream outlives the request that starts it, and must not keep the request's async context.
  readonly #outside = AsyncLocalStorage.snapshot();
  #controller = new AbortController();
  #running: Promise<void> | undefined;
  #feed: string;
  #state: FeedState = 'idle';
  #isUpSinceMs: number | undefined;
  #counts = { streams: 0, breaks: 0, changes: 0, gaps: 0 };
  #attempt = 0;
  #refusals = 0;
  #lastError: unknown;

  constructor(options: ChangeFeedOptions) {
    const { transport, clock, sink, tickMs = 1_000, feed = '', random = Math.random } = options;
    this.#users = createClient(UserService, transport);
    this.#clock = clock;
    this.#sink = sink;
    this.#tickMs = tickMs;
    this.#feed = feed;
    this.#random = random;
    this.#position = new FeedPosition(clock);
    this.#report = new FeedReport(this.#position);
    this.#tenants = new WatchedTenants(random);
  }

  watch(tenantId: string): void {
    if (this.#tenants.has(tenantId) || this.#closing.signal.aborted) return;
    if (this.#tenants.add(tenantId)) this.#running ??= this.#outside(() => this.#run());
  }

  liveSinceMs(tenantId: string): number | undefined {
    return this.#closing.signal.aborted ? undefined : this.#position.liveSinceMs(tenantId);
  }

  get id(): string {
    return this.#feed;
  }

  stats(): FeedStats {
    return {
      ...this.#counts,
      state: this.#closing.signal.aborted ? 'closed' : this.#state,
      lagMs: this.#position.lagMs,
      tenants: this.#tenants.size,
      tenantsDenied: this.#tenants.deniedCount,
      lastError: this.#lastError,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#controller.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Runs streams one after another, never two at once: a sink never gets an older change after a newer one.
   */
  async #run(): Promise<void> {
    // Tenants that are named in one tick share the first stream.
    await undefined;
    while (!this.#closing.signal.aborted) {
      const pauseMs = await this.#stream();
      if (pauseMs > 0 && !this.#closing.signal.aborted) await this.#pause(pauseMs);
    }
  }

  /** Pauses, and reports in time where the feed becomes late meanwhile. */
  async #pause(pauseMs: number): Promise<void> {
    const { isLive, liveForMs } = this.#position;
    const lateInMs = isLive && liveForMs < pauseMs ? Math.ceil(liveForMs) + 1 : 0;
    if (lateInMs > 0) {
      await this.#sleep(lateInMs);
      if (!this.#closing.signal.aborted) this.#report.check();
    }
    await this.#sleep(Math.max(0, pauseMs - lateInMs));
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
  }

  /** Runs one stream to its end. Returns the pause before the next one, in ms. */
  async #stream(): Promise<number> {
    const tenantIds = this.#tenants.next(this.#clock());
    if (tenantIds.length === 0) return this.#onRefused();
    const controller = new AbortController();
    this.#controller = controller;
    const { cursor } = this.#position;
    this.#position.startStream(tenantIds);
    this.#state = 'connecting';
    this.#isUpSinceMs = undefined;
    this.#counts.streams += 1;
    try {
      const onResponse = (response: WatchUsersResponse) => this.#onResponse(response);
      const onSilence = () => this.#report.check();
      const stream = { tenantIds, cursor, controller, tickMs: this.#tickMs, onResponse, onSilence };
      await readWatchStream(this.#users, stream);
      return this.#onStreamEnd(undefined, 'broken');
    } catch (error) {
      if (this.#closing.signal.aborted || error === MORE_TENANTS) return 0;
      return this.#onStreamEnd(error, classifyStreamEnd(error, this.#position.cursor !== ''));
    }
  }

  #onResponse({ changes, checkpoint }: WatchUsersResponse): void {
    const arrivedAtMs = this.#clock();
    const feed = checkpoint?.feed ?? '';
    if (this.#isReplacedBy(feed)) {
      if (this.#position.cursor !== '') throw new FeedReplacedError(feed);
      // Without a cursor nothing is covered yet, so the stream goes on.
      this.#onGap('replaced', [], { lagMs: undefined, how: () => this.#sink.onReplaced() });
    }
    if (changes.length > 0) {
      this.#counts.changes += changes.length;
      this.#sink.onChanges(changes.map(toSeenVersion));
    }
    if (checkpoint === undefined) return;
    if (feed !== '') this.#feed = feed;
    this.#isUpSinceMs ??= arrivedAtMs;
    this.#state = 'watching';
    this.#refusals = 0;
    this.#tenants.accepted();
    const leftOut = this.#position.dropUnstreamed();
    if (leftOut.length > 0)
      this.#onGap('gap', leftOut, { lagMs: this.#position.lagMs, how: () => this.#sink.onGap(leftOut) });
    const timeMs = checkpoint.time && timestampMs(checkpoint.time);
    const hasChanges = changes.length > 0;
    const isYoung = this.#position.advance({ cursor: checkpoint.cursor, timeMs, arrivedAtMs, hasChanges });
    this.#report.onCheckpoint();
    if (isYoung && this.#tenants.hasMore(arrivedAtMs)) this.#controller.abort(MORE_TENANTS);
  }

  #onStreamEnd(error: unknown, end: StreamEnd): number {
    this.#counts.breaks += 1;
    this.#lastError = error;
    this.#report.onBreak(error);
    if (end === 'lost') return this.#onCursorLost(feedOf(error) ?? '');
    if (end === 'denied' && this.#tenants.deny(this.#clock())) return 0;
    if (end === 'denied' || end === 'refused') return this.#onRefused();
    this.#state = 'pausing';
    const upMs = this.#isUpSinceMs === undefined ? undefined : this.#clock() - this.#isUpSinceMs;
    // A stream that broke soon after its start is followed after a pause, and not at once again and again.
    this.#attempt = upMs === undefined ? this.#attempt + 1 : upMs >= SETTLED_MS ? 0 : 1;
    return Math.max(requestedPauseMs(error), backoffMs(this.#attempt, this.#random, BREAK_BACKOFF));
  }

  #onCursorLost(feed: string): number {
    const { lagMs } = this.#position;
    const isReplaced = this.#isReplacedBy(feed);
    if (feed !== '') this.#feed = feed;
    const tenantIds = this.#position.reset();
    const lose = () => {
      this.#sink.onGap(tenantIds);
      if (isReplaced) this.#sink.onReplaced();
    };
    this.#onGap(isReplaced ? 'replaced' : 'gap', tenantIds, { lagMs, how: lose });
    return 0;
  }

  #isReplacedBy(feed: string): boolean {
    return feed !== '' && this.#feed !== '' && feed !== this.#feed;
  }

  /** Reports that changes of these tenants may have been missed. */
  #onGap(
    reason: 'gap' | 'replaced',
    tenantIds: readonly string[],
    { lagMs, how }: { lagMs: number | undefined; how: () => void },
  ): void {
    this.#counts.gaps += 1;
    this.#report.onGap(tenantIds, { reason, lagMs, error: this.#lastError });
    try {
      how();
    } catch (error) {
      // A fault of the sink makes nothing look fresh: the next stream does not cover earlier reads.
      this.#lastError = error;
    }
  }

  #onRefused(): number {
    this.#state = 'refused';
    this.#refusals += 1;
    return backoffMs(this.#refusals, this.#random, REFUSED_BACKOFF);
  }
}

function toSeenVersion({ tenantId, id, version, kind, touchedViews }: UserChange): SeenVersion {
  return { tenantId, id: id.toLowerCase(), version, kind, touchedViews };
}
