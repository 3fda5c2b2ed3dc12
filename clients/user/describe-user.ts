import { UserView } from '@rollcall/contract/user';
import type { BreakerState } from './breaker.ts';
import type { FeedHealth } from './change-feed.ts';
import type { Flights } from './flights.ts';
import type { Freshness } from './freshness.ts';
import type { UserCache } from './user-cache.ts';
import type { Clock } from './user-reader.ts';

/** How much of a user, as `UserView` names it. */
export type ViewName = Exclude<keyof typeof UserView, 'UNSPECIFIED'>;

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
  /** The lowest version that is answered, in decimal digits: it is known to exist. Undefined: any is. */
  readonly minVersion: string | undefined;
  /** Reads of it on their way. */
  readonly inFlight: readonly { readonly view: ViewName; readonly minVersion: string }[];
  /** Time in ms for which every change of the tenant has been told. Undefined: changes are not told now. */
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
export interface DescribeContext {
  cache: UserCache;
  freshness: Freshness;
  flights: Flights;
  feed: FeedHealth;
  clock: Clock;
}

/** Looks, and changes nothing: no counter, no order of eviction, no read. */
export function describeCached(context: DescribeContext, tenantId: string, id: string): CachedDescription {
  const { cache, flights, feed, clock } = context;
  const liveSinceMs = feed.liveSinceMs(tenantId);
  return {
    entries: describeEntries(context, tenantId, id),
    missing: describeMissing(context, tenantId, id),
    minVersion: cache.getFloor(tenantId, id)?.version.toString(),
    inFlight: flights.of(tenantId, id).map(({ batch, read }) => ({
      view: toViewName(batch.scope.view),
      minVersion: read.minVersion.toString(),
    })),
    feedLiveForMs: liveSinceMs === undefined ? undefined : clock() - liveSinceMs,
  };
}

function describeEntries({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  return cache.held(tenantId, id).map((entry): DescribedEntry => {
    const ageMs = clock() - entry.readAtMs;
    const lifeMs = freshness.lifeMs(id, entry);
    return {
      view: toViewName(entry.scope.view),
      userId: entry.user.id,
      version: entry.user.version.toString(),
      ageMs,
      lifeMs,
      isFresh: ageMs < lifeMs,
      because: explain(freshness, entry.readAtMs, { tenantId, ageMs, lifeMs }),
      source: entry.readAtMs < freshness.bornAtMs ? 'snapshot' : 'service',
    };
  });
}

function describeMissing({ cache, freshness, clock }: DescribeContext, tenantId: string, id: string) {
  return cache.missing(tenantId, id).map(({ view, readAtMs }) => {
    const ageMs = clock() - readAtMs;
    return { view: toViewName(view), ageMs, isFresh: ageMs < freshness.missingLifeMs(tenantId, readAtMs) };
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

/** `REFERENCE`, as the contract has it. */
export function toViewName(view: UserView): ViewName {
  return view === UserView.FULL ? 'FULL' : view === UserView.BASIC ? 'BASIC' : 'REFERENCE';
}
