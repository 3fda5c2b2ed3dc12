import type { CachedUser } from '../model/cached-user.ts';
import type { UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import type { UserCache } from './user-cache.ts';
import { knownThrough } from './user-entry.ts';

/** Where an answer wants to enter. */
interface Entrance {
  readonly scope: UserScope;
  /** The id that it is the answer about. */
  readonly id: string;
  /** What was asked: of the survivor, where it is one that is known to be newer. */
  readonly read: UserRead;
  /** False: it is given to those who wait, and not kept. */
  readonly isKept: boolean;
}

/**
 * The gate through which answers enter the cache: none passes of which something newer is known, so that nobody who has
 * seen a version is shown an older one. Answers undefined where the service is to be asked again.
 */
export function admit(
  cache: UserCache,
  { scope, id, read, isKept }: Entrance,
  answer: UserAnswer,
): UserAnswer | undefined {
  if (answer.outcome !== 'missing' && answer.outcome !== 'found') return answer;
  const isCertain = cache.isCertain(answer.readAtMs);
  if (answer.outcome === 'missing') {
    if (read.minVersion > 0n || isKnown(cache, scope, id)) return undefined;
    if (isKept && isCertain) cache.putMissing(scope, id, answer.readAtMs);
    return answer;
  }
  const { user, readAtMs } = answer;
  // Of an id that was merged away, the service has looked at the version that was asked for.
  if (user.id === read.id && user.version < read.minVersion) return undefined;
  if (isOvertaken(cache, scope, id, answer)) return undefined;
  // It may be from before the service's database was replaced: its version need not exist.
  if (!isCertain) return answer;
  if (isKept) cache.putUser(scope, id, answer);
  else cache.see(user.tenantId, user.id, { version: user.version, seenAtMs: readAtMs });
  return answer;
}

// A user that was ever there is answered for ever, deleted or merged. When an answer was read tells only from when on it was
// true, so that of two reads which overlapped either may be the later one: the user is believed.
function isKnown(cache: UserCache, { tenantId }: UserScope, id: string): boolean {
  return cache.getNewest(tenantId, id) !== undefined || cache.getFloor(tenantId, id) !== undefined;
}

function isOvertaken(cache: UserCache, { tenantId }: UserScope, id: string, answer: CachedUser): boolean {
  const { user, readAtMs } = answer;
  const floor = cache.getFloor(tenantId, user.id);
  if (floor !== undefined && knownThrough(answer) < floor.version) return true;
  const newest = cache.getNewest(tenantId, id);
  return newest !== undefined && newest.user.id !== user.id && newest.readAtMs > readAtMs;
}
