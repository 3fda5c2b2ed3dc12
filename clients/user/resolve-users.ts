import type { CachedUserReader } from './cache/with-cache.ts';
import { MAX_BATCH_SIZE } from './in-flight/batcher.ts';
import { sharedDeadlineMs } from './in-flight/deadline-timers.ts';
import { deadlineExceeded, PendingAnswers } from './in-flight/pending-answers.ts';
import { UserClientOptionError } from './model/errors.ts';
import type { UserKey } from './model/user-lookup.ts';
import type { ReadCall, UserAnswer, UserScope } from './model/user-reader.ts';
import type { UserResolver } from './remote/remote-user-reader.ts';
import { type BreakerContext, toAttempt, toProbe } from './remote/with-breaker.ts';
import { rereadNewer } from './seen-versions/reread-newer.ts';

/** What resolving needs. */
export interface ResolveContext extends BreakerContext {
  resolver: UserResolver;
  cached: CachedUserReader;
}

/**
 * Asks the service for users by other keys, 500 at a time, through the breaker. Which user a key leads to is not kept,
 * because an address changes hands; the user found is, and the same id is not shown older afterwards. Of whom the
 * context has seen a newer version the id is read, because ResolveUsers takes no lowest version.
 */
export async function resolveUsers(
  context: ResolveContext,
  scope: UserScope,
  { keys, call }: { keys: readonly UserKey[]; call: ReadCall },
): Promise<UserAnswer[]> {
  const gathering = new PendingAnswers(
    keys.map(() => undefined),
    call,
    context,
  );
  for (let start = 0; start < keys.length; start += MAX_BATCH_SIZE) {
    const part = keys.slice(start, start + MAX_BATCH_SIZE);
    resolvePart(context, scope, { keys: part, call, read: gathering })
      .then((answers) => {
        for (const [at, answer] of answers.entries()) gathering.put(start + at, answer);
      })
      // Also what goes wrong here is told to the caller: told to nobody, it would end the process.
      .catch((error: unknown) => {
        for (const at of part.keys()) gathering.put(start + at, { outcome: 'failed', error });
      });
  }
  return await gathering.answers;
}

async function resolvePart(
  context: ResolveContext,
  scope: UserScope,
  { keys, call, read }: { keys: readonly UserKey[]; call: ReadCall; read: object },
): Promise<readonly UserAnswer[]> {
  const { settings, clock, resolver, breaker, cached } = context;
  const nowMs = clock();
  if (call.deadlineAtMs <= nowMs) return keys.map(() => ({ outcome: 'failed', error: deadlineExceeded() }));
  const deadlineAtMs = sharedDeadlineMs(call.deadlineAtMs, { nowMs, timeoutMs: settings.timeoutMs });
  const { attempt } = toAttempt({ deadlineAtMs, read }, context);
  const probe = toProbe(context, (own) => resolver.resolveMany(scope, keys.slice(0, 1), own));
  try {
    const answers = await breaker.run(() => resolver.resolveMany(scope, keys, { deadlineAtMs }), {
      ...attempt,
      probe,
    });
    const accepted = answers.map((answer) =>
      answer.outcome === 'found' ? cached.accept(scope, answer.user, answer.readAtMs) : answer,
    );
    return await rereadNewer(accepted, cached, { scope, call });
  } catch (error) {
    return keys.map(() => ({ outcome: 'failed', error }));
  }
}

/** The key with nothing else in it. Throws UserClientOptionError that names the argument. */
export function toUserKey(key: UserKey, argument: string): UserKey {
  const { email, source, externalId } = (key ?? {}) as Partial<
    Record<'email' | 'source' | 'externalId', unknown>
  >;
  const isExternal = isText(source) && isText(externalId);
  if (isText(email) && source === undefined && externalId === undefined) return { email };
  if (isExternal && email === undefined) return { source, externalId };
  throw new UserClientOptionError(
    argument,
    'is neither { email } nor { source, externalId }, with non-empty strings',
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
