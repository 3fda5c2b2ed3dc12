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
  askedPauseMs,
  BREAK_BACKOFF,
  backoffMs,
  FeedReplacedError,
  feedNamedBy,
  judgeStreamEnd,
  REFUSED_BACKOFF,
  readWatchStream,
  type StreamEnd,
} from './watch-stream.ts';
import { WatchRoster } from './watched-tenants.ts';

/** What the change feed needs. */
export interface InvalidationOptions {
  transport: Transport;
  /** Monotonic clock in ms. */
  clock: Clock;
  /** Told of changes in the order of their commits, at least once each, and of gaps. */
  sink: ChangeSink;
  /** Checkpoints are due at least this often, in ms. Three times that without a word ends a stream. Default 1000. */
  tickMs?: number;
  /** Identity of the feed that what is remembered was true of. Default: nothing is remembered. */
  feed?: string;
  /** From 0 to 1, for the spread of retries. Default `Math.random`. */
  random?: () => number;
}

/** Idle: no tenant yet. Pausing: after a break. Refused: the service said no, and is asked again rarely. */
export type FeedState = 'idle' | 'connecting' | 'watching' | 'pausing' | 'refused' | 'closed';

/** What the change feed did, and how it is. */
export interface FeedStats {
  readonly state: FeedState;
  /** Age in ms of what is known: of the last checkpoint that counted. Undefined: none did yet. */
  readonly lagMs: number | undefined;
  /** Tenants to watch; those denied and those for whom there was no room stay without news. */
  readonly tenants: number;
  /** Tenants that the caller may not watch, as far as is known. */
  readonly tenantsDenied: number;
  /** Streams opened. */
  readonly streams: number;
  /** Streams that ended otherwise than by `close`, or to take in more tenants. */
  readonly breaks: number;
  /** Changes told, those told twice included. */
  readonly changes: number;
  /** Gaps: times that changes may have been missed, and everything known of the tenants was given up. */
  readonly losses: number;
  /** What ended the last stream that broke. Undefined: none did. */
  readonly lastError: unknown;
}

/** The change feed of one client. */
export interface Invalidation extends FeedHealth, AsyncDisposable {
  /** Watches this tenant from soon on. Again: nothing, at the cost of a look. Above 1000 tenants: nothing, and no news. */
  watch(tenantId: string): void;
  stats(): FeedStats;
  /** Identity of the feed that was told last. Empty: none was, or the service names none. */
  readonly id: string;
  /** Ends the stream, and all timers. Resolves when nothing is told any more. Again: nothing. */
  close(): Promise<void>;
}

/** Makes the change feed. Nothing is sent before the first `watch`. One stream is for all tenants. */
export function createInvalidation(options: InvalidationOptions): Invalidation {
  return new ChangeFeed(options);
}

/** A stream that lived so long in ms was well: after its end the next one comes at once. */
const SETTLED_MS = 1_000;

/** Ends a stream whose place is known, to take in more tenants by resuming there with them. */
const MORE_TENANTS = new Error('the stream is opened again with more tenants');

class ChangeFeed implements Invalidation {
  readonly #users: Client<typeof UserService>;
  readonly #clock: Clock;
  readonly #sink: ChangeSink;
  readonly #tickMs: number;
  readonly #random: () => number;
  readonly #position: FeedPosition;
  readonly #report: FeedReport;
  readonly #roster: WatchRoster;
  readonly #closing = new AbortController();
  // The stream outlives the request that began it, and must not carry its context along.
  readonly #outside = AsyncLocalStorage.snapshot();
  #controller = new AbortController();
  #running: Promise<void> | undefined;
  #feed: string;
  #state: FeedState = 'idle';
  #isUpSinceMs: number | undefined;
  #counts = { streams: 0, breaks: 0, changes: 0, losses: 0 };
  #attempt = 0;
  #refusals = 0;
  #lastError: unknown;

  constructor(options: InvalidationOptions) {
    const { transport, clock, sink, tickMs = 1_000, feed = '', random = Math.random } = options;
    this.#users = createClient(UserService, transport);
    this.#clock = clock;
    this.#sink = sink;
    this.#tickMs = tickMs;
    this.#feed = feed;
    this.#random = random;
    this.#position = new FeedPosition(clock);
    this.#report = new FeedReport(this.#position);
    this.#roster = new WatchRoster(random);
  }

  watch(tenantId: string): void {
    if (this.#roster.has(tenantId) || this.#closing.signal.aborted) return;
    if (this.#roster.add(tenantId)) this.#running ??= this.#outside(() => this.#run());
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
      tenants: this.#roster.size,
      tenantsDenied: this.#roster.deniedCount,
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

  /** One stream after the other, never two at once, so that an older change is not told after a newer one. */
  async #run(): Promise<void> {
    // Tenants that are named in the same tick share the first stream.
    await undefined;
    while (!this.#closing.signal.aborted) {
      const pauseMs = await this.#stream();
      if (pauseMs > 0 && !this.#closing.signal.aborted) await this.#pause(pauseMs);
    }
  }

  /** Where news becomes late during the pause, that is told in time. */
  async #pause(pauseMs: number): Promise<void> {
    const { isLive, liveForMs } = this.#position;
    const lateInMs = isLive && liveForMs < pauseMs ? Math.ceil(liveForMs) + 1 : 0;
    if (lateInMs > 0) {
      await this.#sleep(lateInMs);
      if (!this.#closing.signal.aborted) this.#report.look();
    }
    await this.#sleep(Math.max(0, pauseMs - lateInMs));
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
  }

  /** One stream from its beginning to its end. Answers the pause in ms to make before the next. */
  async #stream(): Promise<number> {
    const tenantIds = this.#roster.next(this.#clock());
    if (tenantIds.length === 0) return this.#refuse();
    const controller = new AbortController();
    this.#controller = controller;
    const { cursor } = this.#position;
    this.#position.startStream(tenantIds);
    this.#state = 'connecting';
    this.#isUpSinceMs = undefined;
    this.#counts.streams += 1;
    try {
      const onResponse = (response: WatchUsersResponse) => this.#take(response);
      const onSilence = () => this.#report.look();
      const stream = { tenantIds, cursor, controller, tickMs: this.#tickMs, onResponse, onSilence };
      await readWatchStream(this.#users, stream);
      return this.#end(undefined, 'broken');
    } catch (error) {
      if (this.#closing.signal.aborted || error === MORE_TENANTS) return 0;
      return this.#end(error, judgeStreamEnd(error, this.#position.cursor !== ''));
    }
  }

  #take({ changes, checkpoint }: WatchUsersResponse): void {
    const arrivedAtMs = this.#clock();
    const feed = checkpoint?.feed ?? '';
    if (this.#isReplacedBy(feed)) {
      if (this.#position.cursor !== '') throw new FeedReplacedError(feed);
      // Nothing is covered yet, so that the stream can go on.
      this.#giveUp('replaced', [], { lagMs: undefined, how: () => this.#sink.replaced() });
    }
    if (changes.length > 0) {
      this.#counts.changes += changes.length;
      this.#sink.changed(changes.map(toSeenVersion));
    }
    if (checkpoint === undefined) return;
    if (feed !== '') this.#feed = feed;
    this.#isUpSinceMs ??= arrivedAtMs;
    this.#state = 'watching';
    this.#refusals = 0;
    this.#roster.accepted();
    const leftOut = this.#position.leaveOut();
    if (leftOut.length > 0)
      this.#giveUp('gap', leftOut, { lagMs: this.#position.lagMs, how: () => this.#sink.lost(leftOut) });
    const timeMs = checkpoint.time && timestampMs(checkpoint.time);
    const hasChanges = changes.length > 0;
    const isYoung = this.#position.reach({ cursor: checkpoint.cursor, timeMs, arrivedAtMs, hasChanges });
    this.#report.reached();
    if (isYoung && this.#roster.hasMore(arrivedAtMs)) this.#controller.abort(MORE_TENANTS);
  }

  #end(error: unknown, end: StreamEnd): number {
    this.#counts.breaks += 1;
    this.#lastError = error;
    this.#report.broke(error);
    if (end === 'lost') return this.#lose(feedNamedBy(error) ?? '');
    if (end === 'denied' && this.#roster.deny(this.#clock())) return 0;
    if (end === 'denied' || end === 'refused') return this.#refuse();
    this.#state = 'pausing';
    const upMs = this.#isUpSinceMs === undefined ? undefined : this.#clock() - this.#isUpSinceMs;
    // A stream that came up but broke at once is followed soon, but not at once for ever.
    this.#attempt = upMs === undefined ? this.#attempt + 1 : upMs >= SETTLED_MS ? 0 : 1;
    return Math.max(askedPauseMs(error), backoffMs(this.#attempt, this.#random, BREAK_BACKOFF));
  }

  #lose(feed: string): number {
    const { lagMs } = this.#position;
    const isReplaced = this.#isReplacedBy(feed);
    if (feed !== '') this.#feed = feed;
    const tenantIds = this.#position.lose();
    const lose = () => {
      this.#sink.lost(tenantIds);
      if (isReplaced) this.#sink.replaced();
    };
    this.#giveUp(isReplaced ? 'replaced' : 'gap', tenantIds, { lagMs, how: lose });
    return 0;
  }

  #isReplacedBy(feed: string): boolean {
    return feed !== '' && this.#feed !== '' && feed !== this.#feed;
  }

  /** Changes of these tenants may be missed from now on, or were. */
  #giveUp(
    reason: 'gap' | 'replaced',
    tenantIds: readonly string[],
    { lagMs, how }: { lagMs: number | undefined; how: () => void },
  ): void {
    this.#counts.losses += 1;
    this.#report.gap(tenantIds, { reason, lagMs, error: this.#lastError });
    try {
      how();
    } catch (error) {
      // What was read before the next stream is not covered by it: the sink's fault makes nothing look fresh.
      this.#lastError = error;
    }
  }

  #refuse(): number {
    this.#state = 'refused';
    this.#refusals += 1;
    return backoffMs(this.#refusals, this.#random, REFUSED_BACKOFF);
  }
}

function toSeenVersion({ tenantId, id, version, kind, touchedViews }: UserChange): SeenVersion {
  return { tenantId, id: id.toLowerCase(), version, kind, touchedViews };
}
