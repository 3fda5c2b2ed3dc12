import { type CachedUser, reaches } from './cached-user.ts';
import type { UserCache } from './user-cache.ts';
import type { UserAnswer, UserRead, UserScope } from './user-reader.ts';

/**
 * The gate through which answers enter the cache: none passes of which something newer is known, so that nobody who has
 * seen a version is shown an older one. Answers undefined where the service is to be asked again.
 */
export function admit(
  cache: UserCache,
  { scope, read, isKept = true }: { scope: UserScope; read: UserRead; isKept?: boolean },
  answer: UserAnswer,
): UserAnswer | undefined {
  if (answer.outcome === 'missing') {
    if (read.minVersion > 0n || isKnownSince(cache, scope, read.id, answer.readAtMs)) return undefined;
    if (isKept) cache.putMissing(scope, read.id, answer.readAtMs);
    return answer;
  }
  if (answer.outcome !== 'found') return answer;
  if (!reaches(answer, read.id, read.minVersion) || isOvertaken(cache, scope, read.id, answer))
    return undefined;
  const { user, readAtMs } = answer;
  if (isKept) cache.putUser(scope, read.id, answer);
  else cache.see(user.tenantId, user.id, { version: user.version, seenAtMs: readAtMs });
  return answer;
}

function isKnownSince(cache: UserCache, { tenantId }: UserScope, id: string, readAtMs: number): boolean {
  const newest = cache.getNewest(tenantId, id);
  if (newest !== undefined && newest.readAtMs >= readAtMs) return true;
  const floor = newest === undefined ? cache.getFloor(tenantId, id) : undefined;
  return floor !== undefined && floor.seenAtMs >= readAtMs;
}

function isOvertaken(cache: UserCache, { tenantId }: UserScope, id: string, answer: CachedUser): boolean {
  const { user, readAtMs } = answer;
  const floor = cache.getFloor(tenantId, user.id);
  if (floor !== undefined && user.version < floor.version) return true;
  const newest = cache.getNewest(tenantId, id);
  return newest !== undefined && newest.user.id !== user.id && newest.readAtMs > readAtMs;
}
