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

/** The layers that a read by other keys uses. */
export interface ResolveContext extends BreakerContext {
  resolver: UserResolver;
  cached: CachedUserReader;
}

/**
 * Asks the service for users by other keys, 500 at a time, through the breaker. The cache keeps the users,
 * and not the keys that led to them, because an address may change hands. Where the context has seen a newer
 * version, the user is read by id, because ResolveUsers takes no minimum version.
 */
export async function resolveUsers(
  context: ResolveContext,
  scope: UserScope,
  { keys, call }: { keys: readonly UserKey[]; call: ReadCall },
): Promise<UserAnswer[]> {
  const pending = new PendingAnswers(
    keys.map(() => undefined),
    call,
    context,
  );
  for (let start = 0; start < keys.length; start += MAX_BATCH_SIZE) {
    const part = keys.slice(start, start + MAX_BATCH_SIZE);
    resolvePart(context, scope, { keys: part, call, read: pending })
      .then((answers) => {
        for (const [index, answer] of answers.entries()) pending.put(start + index, answer);
      })
      // A fault in here goes to the caller too: an unhandled rejection would end the process.
      .catch((error: unknown) => {
        for (const index of part.keys()) pending.put(start + index, { outcome: 'failed', error });
      });
  }
  return await pending.answers;
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

/** The key, without other fields. @throws UserClientOptionError that names the argument */
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
