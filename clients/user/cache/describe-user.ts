import type { BreakerState } from '@rollcall/transport/guard';
import type { InFlightReads } from '../in-flight/in-flight-reads.ts';
import { reaches } from '../model/cached-user.ts';
import type { FeedHealth } from '../model/change-sink.ts';
import { type Clock, toViewName, type ViewName } from '../model/user-reader.ts';
import { minSeenVersion } from '../seen-versions/version-context.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { FreshnessPolicy } from './freshness.ts';

/** An entry of the cache, and whether a read would be answered from it. */
export interface DescribedEntry {
  readonly view: ViewName;
  /** Id of the user. After a merge it differs from the id asked about. */
  readonly userId: string;
  /** In decimal digits. */
  readonly version: string;
  readonly ageMs: number;
  /** Age in ms from which a read asks the service. 0: at the next read. */
  readonly ttlMs: number;
  readonly isFresh: boolean;
  /**
   * A later version, in decimal digits, that changed ratings or statistics only: the entry is due to be read.
   * Absent: it is not.
   */
  readonly dueVersion?: string;
  /** One sentence that says why the entry is fresh, or why it is not. */
  readonly because: string;
  /** `snapshot`: read from the file of an earlier process. */
  readonly source: 'service' | 'snapshot';
}

/** Everything that the cache knows of an id. */
export interface CachedDescription {
  /** One entry per view in memory. Empty: nothing is known, not even for an outage. */
  readonly entries: readonly DescribedEntry[];
  /** One entry per view in which the service answered that there is no such user. */
  readonly missing: readonly {
    readonly view: ViewName;
    readonly ageMs: number;
    readonly isFresh: boolean;
  }[];
  /**
   * The lowest version that is served, in decimal digits: it is known to exist, or the current context has
   * seen it. Undefined: any version is served.
   */
  readonly minVersion: string | undefined;
  /** Reads of the id in flight. */
  readonly inFlight: readonly { readonly view: ViewName; readonly minVersion: string }[];
  /** How long the change feed has covered the tenant, in ms. Undefined: not yet, or not now. */
  readonly feedLiveForMs: number | undefined;
}

/** Explains why a read of an id answers as it does. Plain data, ready for JSON. */
export interface UserDescription extends CachedDescription {
  readonly tenantId: string;
  readonly id: string;
  /** State of the breaker. While it is open the service is not asked. */
  readonly breaker: BreakerState;
}

interface DescribeContext {
  cache: UserCache;
  freshness: FreshnessPolicy;
  inFlight: InFlightReads;
  feed: FeedHealth;
  clock: Clock;
}

/**
 * Describes an id as a read in the current context would find it. Changes nothing: no counter, no order of
 * eviction, no read.
 */
export function describeCached(context: DescribeContext, tenantId: string, id: string): CachedDescription {
  const { cache, inFlight } = context;
  const known = cache.getKnownVersion(tenantId, id)?.version;
  const seen = minSeenVersion(tenantId, id);
  return {
    entries: describeEntries(context, tenantId, id),
    missing: describeMissing(context, tenantId, id),
    minVersion: (seen > (known ?? 0n) ? seen : known)?.toString(),
    inFlight: inFlight.find(tenantId, id).map(({ batch, read }) => ({
      view: toViewName(batch.scope.view),
      minVersion: read.minVersion.toString(),
    })),
    feedLiveForMs: feedLiveForMs(context, tenantId),
  };
}

/** The feed covers reads that begin half a second after it, or later. Until then the time lies ahead. */
function feedLiveForMs({ feed, clock }: DescribeContext, tenantId: string): number | undefined {
  const liveSinceMs = feed.liveSinceMs(tenantId);
  if (liveSinceMs === undefined) return undefined;
  const liveForMs = clock() - liveSinceMs;
  return liveForMs < 0 ? undefined : liveForMs;
}

function describeEntries({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  const seen = minSeenVersion(tenantId, id);
  return cache.entriesOf(tenantId, id).map((entry): DescribedEntry => {
    const ageMs = clock() - entry.readAtMs;
    const isRecentEnough = reaches(entry, id, seen);
    const ttlMs = isRecentEnough ? freshness.ttlMs(id, entry) : 0;
    return {
      view: toViewName(entry.scope.view),
      userId: entry.user.id,
      version: entry.user.version.toString(),
      ageMs,
      ttlMs,
      isFresh: ageMs < ttlMs,
      ...(entry.dueVersion !== undefined && { dueVersion: entry.dueVersion.toString() }),
      because: isRecentEnough
        ? explain(freshness, entry.readAtMs, { tenantId, ageMs, ttlMs })
        : `Version ${seen} of it was seen in this context.`,
      source: entry.readAtMs < freshness.startedAtMs ? 'snapshot' : 'service',
    };
  });
}

function describeMissing({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  // A user that this context has seen is not missing.
  const seen = minSeenVersion(tenantId, id);
  return cache.missingViews(tenantId, id).map(({ view, readAtMs }) => {
    const ageMs = clock() - readAtMs;
    const isFresh = seen === 0n && ageMs < freshness.missingTtlMs(tenantId, readAtMs);
    return { view: toViewName(view), ageMs, isFresh };
  });
}

function explain(
  freshness: FreshnessPolicy,
  readAtMs: number,
  { tenantId, ageMs, ttlMs }: { tenantId: string; ageMs: number; ttlMs: number },
): string {
  if (readAtMs < freshness.startedAtMs) return 'It is from the snapshot, which serves during an outage only.';
  if (freshness.isInvalidated(tenantId, readAtMs))
    return 'The change feed may have missed changes since it was read.';
  const feed = freshness.isCoveredByFeed(tenantId, readAtMs)
    ? 'the change feed covers it'
    : 'the change feed does not cover it';
  const verdict = ageMs < ttlMs ? 'within' : 'past';
  return `Its age of ${Math.round(ageMs)} ms is ${verdict} its ttl of ${ttlMs} ms: ${feed}.`;
}
