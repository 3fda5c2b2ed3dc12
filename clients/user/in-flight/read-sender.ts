import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { acceptAnswer } from '../store/accept-answer.ts';
import type { KnownVersion } from '../store/known-versions.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Batch } from './batcher.ts';
import type { DeadlineTimers } from './deadline-timers.ts';
import type { InFlightIndex } from './in-flight-index.ts';
import {
  applySeenChanges,
  type InFlightRead,
  isNotReached,
  resolveUnchanged,
  type Survivor,
  type Waiter,
  withSurvivorTime,
} from './in-flight-read.ts';
import { PendingAnswers, unanswered } from './pending-answers.ts';

/** Takes the place of the waiters once a read is settled. */
const NO_WAITER: Waiter = { pending: { put: () => {} }, index: 0, next: undefined };

export interface ReadSenderContext {
  index: InFlightIndex;
  counters: ClientCounters;
  deadlines: DeadlineTimers;
  /** Whether a known version still binds where the service says that it does not exist. Absent: always. */
  isBinding?: (tenantId: string, known: KnownVersion) => boolean;
}

/** Sends batches of reads to the service, and settles each read with its answer. */
export class ReadSender {
  readonly #next: UserReader;
  readonly #cache: UserCache;
  readonly #context: ReadSenderContext;

  constructor(next: UserReader, cache: UserCache, context: ReadSenderContext) {
    this.#next = next;
    this.#cache = cache;
    this.#context = context;
  }

  /**
   * Sends these reads of a batch. Reads whose answers are older than what is known are sent once more. Never
   * rejects.
   */
  async send(batch: Batch<InFlightRead>, part: readonly InFlightRead[]): Promise<void> {
    const { scope, deadlineAtMs } = batch;
    const isPart = part.length < batch.reads.length;
    const { counters } = this.#context;
    const superseded: InFlightRead[] = [];
    const reads = part.map(({ read }) => read);
    const answers = await this.#ask(scope, reads, { deadlineAtMs, ...(isPart && { read: batch }) });
    for (let i = 0; i < part.length; i++) {
      const inFlight = part[i] as InFlightRead;
      if (inFlight.isDiscarded) counters.discarded += 1;
      const received = answers[i] as UserAnswer;
      // Where the database was replaced meanwhile, `unchanged` speaks of a version of the earlier one.
      const isUnusable =
        received.outcome === 'unchanged' && inFlight.isDiscarded && inFlight.cached === undefined;
      const answer = isUnusable
        ? received
        : applySeenChanges(resolveUnchanged(received, inFlight.cached), inFlight, this.#cache);
      const accepted = isUnusable ? undefined : this.#accept(inFlight, answer);
      if (accepted !== undefined) this.#settle(inFlight, accepted);
      else {
        inFlight.survivor = this.#toNewerSurvivor(inFlight, answer);
        superseded.push(inFlight);
      }
    }
    if (superseded.length > 0) this.#resend(superseded, deadlineAtMs);
  }

  /** Asks once more, for the versions that are known to be newer than the answers. */
  #resend(superseded: readonly InFlightRead[], deadlineAtMs: number): void {
    this.#context.counters.discarded += superseded.length;
    for (const inFlight of superseded) {
      // The survivor needs no minimum: the service has compared the wanted one with the id itself.
      const { id, minVersion } = inFlight.survivor
        ? { id: inFlight.survivor.id, minVersion: 0n }
        : inFlight.wanted;
      this.#restoreSeen(inFlight);
      const known = this.#cache.getKnownVersion(inFlight.batch.scope.tenantId, id)?.version ?? 0n;
      inFlight.read = { id, minVersion: known > minVersion ? known : minVersion };
    }
    const kindOf = ({ survivor, read }: InFlightRead) => (survivor ? 'survivors' : read.minVersion > 0n);
    for (const part of Map.groupBy(superseded, kindOf).values()) this.#resendPart(part, deadlineAtMs);
  }

  async #resendPart(part: readonly InFlightRead[], deadlineAtMs: number): Promise<void> {
    const { scope } = (part[0] as InFlightRead).batch;
    // By id: several ids may have one survivor.
    const reads = new Map(part.map(({ read }) => [read.id, read]));
    const answers = await this.#ask(scope, [...reads.values()], { deadlineAtMs, isCutShort: true });
    const byId = new Map([...reads.keys()].map((id, i) => [id, answers[i] as UserAnswer]));
    for (const inFlight of part) {
      const { read, survivor } = inFlight;
      const error = new VersionNotReachedError(read.id, read.minVersion);
      const received = resolveUnchanged(byId.get(read.id) as UserAnswer, undefined);
      const answer = withSurvivorTime(survivor, applySeenChanges(received, inFlight, this.#cache));
      const accepted = this.#accept(inFlight, answer);
      if (accepted === undefined || isNotReached(accepted)) this.#forgetUnreached(scope.tenantId, inFlight);
      this.#settle(inFlight, accepted ?? { outcome: 'failed', error });
    }
  }

  /**
   * Forgets a known version that the service does not have: its database went back unnoticed, or the service
   * errs.
   */
  #forgetUnreached(tenantId: string, { read, wanted }: InFlightRead): void {
    const known = this.#cache.getKnownVersion(tenantId, read.id);
    if (known === undefined || known.version <= wanted.minVersion) return;
    if (this.#context.isBinding?.(tenantId, known) === false) this.#cache.forgetVersion(tenantId, read.id);
  }

  /** The survivor of a merge that answered, where a newer version of it is known. */
  #toNewerSurvivor({ wanted }: InFlightRead, answer: UserAnswer): Survivor | undefined {
    if (answer.outcome !== 'found' || answer.user.id === wanted.id) return undefined;
    const { id, tenantId, version } = answer.user;
    const known = this.#cache.getKnownVersion(tenantId, id);
    return known && known.version > version ? { id, readAtMs: answer.readAtMs } : undefined;
  }

  /** Records the version seen meanwhile again: the cache may have evicted it. */
  #restoreSeen({ batch, wanted, latestSeen }: InFlightRead): void {
    if (latestSeen !== undefined) this.#cache.recordChange(batch.scope.tenantId, wanted.id, latestSeen);
  }

  #accept(inFlight: InFlightRead, answer: UserAnswer): UserAnswer | undefined {
    const { batch, wanted, read, isDiscarded } = inFlight;
    try {
      this.#restoreSeen(inFlight);
      const target = { scope: batch.scope, id: wanted.id, read, isKept: !isDiscarded };
      return acceptAnswer(this.#cache, target, answer);
    } catch (error) {
      return { outcome: 'failed', error };
    }
  }

  #settle(inFlight: InFlightRead, answer: UserAnswer): void {
    this.#context.index.remove(inFlight);
    for (let waiter: Waiter | undefined = inFlight.firstWaiter; waiter !== undefined; waiter = waiter.next)
      waiter.pending.put(waiter.index, answer);
    // The outgrown table of a map may still hold this read, and with it all answers of its batch.
    inFlight.firstWaiter = NO_WAITER;
    inFlight.lastWaiter = NO_WAITER;
    inFlight.cached = undefined;
  }

  /** One answer per read, at the deadline at the latest: a layer below that hangs holds up no caller. */
  #ask(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<readonly UserAnswer[]> {
    const { counters, deadlines } = this.#context;
    counters.batches += 1;
    counters.batchedIds += reads.length;
    const pending = new PendingAnswers(new Array(reads.length).fill(undefined), call, { deadlines });
    this.#readInto(pending, scope, { reads, call });
    return pending.answers;
  }

  async #readInto(
    pending: PendingAnswers,
    scope: UserScope,
    { reads, call }: { reads: readonly UserRead[]; call: ReadCall },
  ): Promise<void> {
    try {
      const answers = await this.#next.readMany(scope, reads, call);
      for (let index = 0; index < reads.length; index++) pending.put(index, answers[index] ?? unanswered());
    } catch (error) {
      for (let index = 0; index < reads.length; index++) pending.put(index, { outcome: 'failed', error });
    }
  }
}
