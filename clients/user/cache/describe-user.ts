import type { BreakerState } from '@rollcall/transport/guard';
import type { Flights } from '../in-flight/in-flight-reads.ts';
import { reaches } from '../model/cached-user.ts';
import type { FeedHealth } from '../model/change-sink.ts';
import { type Clock, toViewName, type ViewName } from '../model/user-reader.ts';
import { currentFloor } from '../seen-versions/version-context.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Freshness } from './freshness.ts';

/** A user in memory, and whether it would be answered. */
export interface DescribedEntry {
  readonly view: ViewName;
  /** Differs from the id asked about after a merge. */
  readonly userId: string;
  /** In decimal digits. */
  readonly version: string;
  readonly ageMs: number;
  /** Age in ms from which it is asked for again. 0: at the next read. */
  readonly lifeMs: number;
  readonly isFresh: boolean;
  /** A later version, in decimal digits, up to which its ratings or statistics changed: it is due to be read anew. Absent: it is not. */
  readonly dueVersion?: string;
  /** One sentence: why it is fresh, or why not. */
  readonly because: string;
  /** `snapshot`: read from the file of an earlier process. */
  readonly source: 'service' | 'snapshot';
}

/** What the cache knows of an id. */
export interface CachedDescription {
  /** One per view that is in memory. None: nothing is known, not even from before. */
  readonly entries: readonly DescribedEntry[];
  /** One per view in which the service said that there is no such user. */
  readonly missing: readonly {
    readonly view: ViewName;
    readonly ageMs: number;
    readonly isFresh: boolean;
  }[];
  /**
   * The lowest version that is answered, in decimal digits: it is known to exist, or seen in the context that asks. Undefined:
   * any is.
   */
  readonly minVersion: string | undefined;
  /** Reads of it on their way. */
  readonly inFlight: readonly { readonly view: ViewName; readonly minVersion: string }[];
  /** Time in ms for which every change of the tenant has been told. Undefined: not yet, or changes are not told now. */
  readonly feedLiveForMs: number | undefined;
}

/** Why a read of an id answers what it answers. Plain data, that JSON can carry. */
export interface UserDescription extends CachedDescription {
  readonly tenantId: string;
  readonly id: string;
  /** Whether the service is being asked. */
  readonly breaker: BreakerState;
}

/** What describing needs. */
interface DescribeContext {
  cache: UserCache;
  freshness: Freshness;
  flights: Flights;
  feed: FeedHealth;
  clock: Clock;
}

/** Looks, and changes nothing: no counter, no order of eviction, no read. In a context, as a read in it would find it. */
export function describeCached(context: DescribeContext, tenantId: string, id: string): CachedDescription {
  const { cache, flights } = context;
  const known = cache.getFloor(tenantId, id)?.version;
  const seen = currentFloor(tenantId, id);
  return {
    entries: describeEntries(context, tenantId, id),
    missing: describeMissing(context, tenantId, id),
    minVersion: (seen > (known ?? 0n) ? seen : known)?.toString(),
    inFlight: flights.of(tenantId, id).map(({ batch, read }) => ({
      view: toViewName(batch.scope.view),
      minVersion: read.minVersion.toString(),
    })),
    feedLiveForMs: feedLiveForMs(context, tenantId),
  };
}

/** A feed vouches for what is read half a second after it begins, or later; until then for nothing. */
function feedLiveForMs({ feed, clock }: DescribeContext, tenantId: string): number | undefined {
  const liveSinceMs = feed.liveSinceMs(tenantId);
  if (liveSinceMs === undefined) return undefined;
  const liveForMs = clock() - liveSinceMs;
  return liveForMs < 0 ? undefined : liveForMs;
}

function describeEntries({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  const seen = currentFloor(tenantId, id);
  return cache.held(tenantId, id).map((entry): DescribedEntry => {
    const ageMs = clock() - entry.readAtMs;
    const isEnough = reaches(entry, id, seen);
    const lifeMs = isEnough ? freshness.lifeMs(id, entry) : 0;
    return {
      view: toViewName(entry.scope.view),
      userId: entry.user.id,
      version: entry.user.version.toString(),
      ageMs,
      lifeMs,
      isFresh: ageMs < lifeMs,
      ...(entry.dueVersion !== undefined && { dueVersion: entry.dueVersion.toString() }),
      because: isEnough
        ? explain(freshness, entry.readAtMs, { tenantId, ageMs, lifeMs })
        : `Version ${seen} of it was seen in this context.`,
      source: entry.readAtMs < freshness.bornAtMs ? 'snapshot' : 'service',
    };
  });
}

function describeMissing({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  // Whoever was seen is not missing.
  const seen = currentFloor(tenantId, id);
  return cache.missing(tenantId, id).map(({ view, readAtMs }) => {
    const ageMs = clock() - readAtMs;
    const isFresh = seen === 0n && ageMs < freshness.missingLifeMs(tenantId, readAtMs);
    return { view: toViewName(view), ageMs, isFresh };
  });
}

function explain(
  freshness: Freshness,
  readAtMs: number,
  { tenantId, ageMs, lifeMs }: { tenantId: string; ageMs: number; lifeMs: number },
): string {
  if (readAtMs < freshness.bornAtMs) return 'It is from the snapshot, which only stands in during an outage.';
  if (freshness.isLost(tenantId, readAtMs)) return 'Changes since it was read may have gone untold.';
  const feed = freshness.isVouched(tenantId, readAtMs)
    ? 'every change since it was read is told'
    : 'changes since it was read are not told';
  const verdict = ageMs < lifeMs ? 'within' : 'past';
  return `Its age of ${Math.round(ageMs)} ms is ${verdict} its life of ${lifeMs} ms: ${feed}.`;
}
