import type { Clock, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import type { SeenChange } from '../store/touched-views.ts';
import type { UserCache } from '../store/user-cache.ts';
import { type Batch, Batcher, type BatchingOptions } from './batcher.ts';
import { sharedDeadlineMs } from './deadline-timers.ts';
import { InFlightIndex } from './in-flight-index.ts';
import { type InFlightRead, recordChange, type Waiter, withKnownVersion } from './in-flight-read.ts';
import type { PendingAnswers } from './pending-answers.ts';
import { ReadSender, type ReadSenderContext } from './read-sender.ts';

/** A caller's request to join reads in flight. */
interface JoinRequest {
  /** Answers that are known already, by the place of the read. */
  readonly known: readonly (UserAnswer | undefined)[];
  readonly pending: PendingAnswers;
  readonly deadlineAtMs: number;
  readonly nowMs: number;
}

interface InFlightReadsContext extends BatchingOptions, Omit<ReadSenderContext, 'index'> {
  timeoutMs: number;
  clock: Clock;
}

/**
 * Coalesces and batches reads: one read in flight per tenant, view, id and minimum version, however many
 * callers wait for it. Reads of one window are sent together. Every read is settled, at its deadline at the
 * latest.
 */
export class InFlightReads {
  readonly #index = new InFlightIndex();
  readonly #cache: UserCache;
  readonly #context: InFlightReadsContext;
  readonly #batcher: Batcher<InFlightRead>;

  constructor(next: UserReader, cache: UserCache, context: InFlightReadsContext) {
    this.#cache = cache;
    this.#context = context;
    const sender = new ReadSender(next, cache, { ...context, index: this.#index });
    this.#batcher = new Batcher(context, (batch, part) => void sender.send(batch, part));
  }

  /** Joins a read in flight for each read that is not known, or starts one. */
  join(scope: UserScope, reads: readonly UserRead[], { known, pending, ...times }: JoinRequest): void {
    const { counters, timeoutMs } = this.#context;
    const { nowMs } = times;
    const deadlineAtMs = sharedDeadlineMs(times.deadlineAtMs, { nowMs, timeoutMs });
    for (let index = 0; index < reads.length; index++) {
      if (known[index] !== undefined) continue;
      const read = reads[index] as UserRead;
      const waiter = { pending, index, next: undefined };
      const inFlight = this.#findJoinable(scope, read, nowMs);
      if (inFlight !== undefined) {
        inFlight.lastWaiter.next = waiter;
        inFlight.lastWaiter = waiter;
        counters.coalesced += 1;
      } else {
        this.#start(scope, read, { waiter, deadlineAtMs, nowMs });
        counters.misses += 1;
      }
    }
    this.#batcher.sendNow();
  }

  /** Starts a read that no caller waits for. Returns false where one is in flight already. */
  refresh(scope: UserScope, id: string, onSettled: (answer: UserAnswer) => void): boolean {
    const read = { id, minVersion: 0n };
    const nowMs = this.#context.clock();
    if (this.#findJoinable(scope, read, nowMs) !== undefined) return false;
    const waiter = {
      pending: { put: (_: number, answer: UserAnswer) => onSettled(answer) },
      index: 0,
      next: undefined,
    };
    this.#start(scope, read, { waiter, deadlineAtMs: nowMs + this.#context.timeoutMs, nowMs });
    this.#batcher.sendNow();
    return true;
  }

  /** Keeps answers of the id that are in flight out of the cache, and later callers out of these reads. */
  discard(tenantId: string, id: string): void {
    for (const inFlight of this.find(tenantId, id)) {
      inFlight.isDiscarded = true;
      inFlight.isJoinable = false;
      this.#batcher.seal(inFlight.batch);
    }
  }

  /**
   * Records a change with the reads of the id in flight: the cache may have no room for it until they are
   * settled.
   */
  recordChange(tenantId: string, id: string, change: SeenChange): void {
    for (let inFlight = this.#index.first(id); inFlight !== undefined; inFlight = inFlight.next)
      if (inFlight.batch.scope.tenantId === tenantId) recordChange(inFlight, change);
  }

  /**
   * Keeps later callers of these tenants out of the reads in flight, whose answers may be older than a gap in
   * the change feed.
   */
  sealForTenants(tenantIds: readonly string[]): void {
    for (const inFlight of this.#index.all())
      if (tenantIds.includes(inFlight.batch.scope.tenantId)) inFlight.isJoinable = false;
    this.#batcher.sealForTenants(tenantIds);
  }

  /** Keeps all answers in flight out of the cache: the service's database was replaced or went back. */
  discardAll(): void {
    for (const inFlight of this.#index.all()) {
      inFlight.isDiscarded = true;
      inFlight.isJoinable = false;
      inFlight.cached = undefined;
      inFlight.latestSeen = undefined;
      inFlight.changes = undefined;
    }
    this.#batcher.sealAll();
  }

  /** The reads of an id in flight, in every view. */
  find(tenantId: string, id: string): InFlightRead[] {
    return this.#index.find(tenantId, id);
  }

  /**
   * The read that a caller may join. It has the same minimum version, because a read fails where its version
   * does not exist. It is no older than `timeoutMs`, because the rest of a longer deadline may wait for a
   * lost answer. And it is of the current era.
   */
  #findJoinable(
    { tenantId, view }: UserScope,
    { id, minVersion }: UserRead,
    nowMs: number,
  ): InFlightRead | undefined {
    const startedFromMs = this.#cache.shareableFromMs(nowMs - this.#context.timeoutMs, nowMs);
    for (let inFlight = this.#index.first(id); inFlight !== undefined; inFlight = inFlight.next) {
      if (!inFlight.isJoinable || inFlight.startedAtMs < startedFromMs) continue;
      const { scope } = inFlight.batch;
      if (inFlight.wanted.minVersion === minVersion && scope.view === view && scope.tenantId === tenantId)
        return inFlight;
    }
    return undefined;
  }

  #start(
    scope: UserScope,
    read: UserRead,
    { waiter, deadlineAtMs, nowMs }: { waiter: Waiter; deadlineAtMs: number; nowMs: number },
  ): void {
    const entry = this.#cache.getComparable(scope, read.id);
    // A copy: a change may raise the entry meanwhile, and `unchanged` speaks of this version.
    const cached = entry && { user: entry.user, readAtMs: entry.readAtMs };
    const batch = this.#batchWithout(scope, read);
    const inFlight: InFlightRead = {
      batch,
      wanted: read,
      read: withKnownVersion(read, cached),
      cached,
      startedAtMs: nowMs,
      latestSeen: undefined,
      changes: undefined,
      survivor: undefined,
      firstWaiter: waiter,
      lastWaiter: waiter,
      isJoinable: true,
      isDiscarded: false,
      next: undefined,
    };
    if (batch.deadlineAtMs < deadlineAtMs) batch.deadlineAtMs = deadlineAtMs;
    batch.reads.push(inFlight);
    this.#index.add(inFlight);
  }

  /**
   * The batch for this read. A batch that holds the id already, with another minimum version, is sealed
   * first.
   */
  #batchWithout(scope: UserScope, { id, minVersion }: UserRead): Batch<InFlightRead> {
    const batch = this.#batcher.batchFor(scope, minVersion > 0n);
    for (let inFlight = this.#index.first(id); inFlight !== undefined; inFlight = inFlight.next)
      if (inFlight.batch === batch) this.#batcher.seal(batch);
    return batch.isOpen ? batch : this.#batcher.batchFor(scope, minVersion > 0n);
  }
}
