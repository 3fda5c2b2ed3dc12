import type { CachedUser } from '../model/cached-user.ts';
import type { UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import type { UserCache } from './user-cache.ts';
import { knownThrough } from './user-entry.ts';

/** The place in the cache that an answer fills. */
interface FillTarget {
  readonly scope: UserScope;
  /** The id that the answer is about. */
  readonly id: string;
  /** The read that was sent. It may ask for the survivor of a merge instead of the id. */
  readonly read: UserRead;
  /** Whether the cache keeps the answer. False: only the waiters get it. */
  readonly isKept: boolean;
}

/**
 * Fills the cache with an answer, unless something newer is known: a caller that has seen a version never
 * gets an older one. Returns the answer to serve. Undefined: ask the service again.
 */
export function acceptAnswer(
  cache: UserCache,
  { scope, id, read, isKept }: FillTarget,
  answer: UserAnswer,
): UserAnswer | undefined {
  if (answer.outcome !== 'missing' && answer.outcome !== 'found') return answer;
  const isOfCurrentEra = cache.isOfCurrentEra(answer.readAtMs);
  if (answer.outcome === 'missing') {
    if (read.minVersion > 0n || isKnown(cache, scope, id)) return undefined;
    if (isKept && isOfCurrentEra) cache.putMissing(scope, id, answer.readAtMs);
    return answer;
  }
  const { user, readAtMs } = answer;
  // A survivor has versions of its own: the service has compared the wanted one with the id itself.
  if (user.id === read.id && user.version < read.minVersion) return undefined;
  if (isSuperseded(cache, scope, id, answer)) return undefined;
  // The version of an earlier era need not exist, so it is served and not kept.
  if (!isOfCurrentEra) return answer;
  if (isKept) cache.putUser(scope, id, answer);
  else cache.recordChange(user.tenantId, user.id, { version: user.version, seenAtMs: readAtMs });
  return answer;
}

// The service answers a user for ever, also a deleted or merged one. An answer may be newer than its
// read time says: of two reads that overlap either may be the later one, so the answer with the user wins.
function isKnown(cache: UserCache, { tenantId }: UserScope, id: string): boolean {
  return cache.getNewest(tenantId, id) !== undefined || cache.getKnownVersion(tenantId, id) !== undefined;
}

function isSuperseded(cache: UserCache, { tenantId }: UserScope, id: string, answer: CachedUser): boolean {
  const { user, readAtMs } = answer;
  const known = cache.getKnownVersion(tenantId, user.id);
  if (known !== undefined && knownThrough(answer) < known.version) return true;
  const newest = cache.getNewest(tenantId, id);
  return newest !== undefined && newest.user.id !== user.id && newest.readAtMs > readAtMs;
}
