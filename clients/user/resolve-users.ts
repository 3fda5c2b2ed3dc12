import type { Breaker } from './breaker.ts';
import { deadlinePassed, startCallerLimit } from './caller-limit.ts';
import { UserClientOptionError } from './errors.ts';
import type { UserResolver } from './remote-user-reader.ts';
import type { UserKey } from './user-lookup.ts';
import type { Clock, ReadCall, UserAnswer, UserScope } from './user-reader.ts';
import { MAX_BATCH_SIZE } from './with-batching.ts';
import type { CachedUserReader } from './with-cache.ts';

/** What resolving needs. */
export interface ResolveContext {
  settings: { readonly timeoutMs: number };
  resolver: UserResolver;
  breaker: Breaker;
  cached: CachedUserReader;
  clock: Clock;
}

/**
 * Asks the service for users by other keys, 500 at a time, through the breaker. Which user a key leads to is not kept,
 * because an address changes hands; the user found is, and the same id is not shown older afterwards.
 */
export async function resolveUsers(
  context: ResolveContext,
  scope: UserScope,
  { keys, call }: { keys: readonly UserKey[]; call: ReadCall },
): Promise<UserAnswer[]> {
  using limit = startCallerLimit(call, context.clock);
  const parts = Array.from({ length: Math.ceil(keys.length / MAX_BATCH_SIZE) }, (_, i) => {
    const part = keys.slice(i * MAX_BATCH_SIZE, (i + 1) * MAX_BATCH_SIZE);
    const asked = resolvePart(context, scope, { keys: part, call });
    return part.map((_, at) => limit.wait(asked.then((answers) => answers[at] as UserAnswer)));
  });
  return await Promise.all(parts.flat());
}

async function resolvePart(
  { settings, clock, resolver, breaker, cached }: ResolveContext,
  scope: UserScope,
  { keys, call }: { keys: readonly UserKey[]; call: ReadCall },
): Promise<readonly UserAnswer[]> {
  const nowMs = clock();
  if (call.deadlineAtMs <= nowMs) return keys.map(() => ({ outcome: 'failed', error: deadlinePassed() }));
  // The caller's hurry ends its own wait. It must not look like a service that is slow.
  const deadlineAtMs = Math.max(call.deadlineAtMs, nowMs + settings.timeoutMs);
  try {
    const answers = await breaker.run(() => resolver.resolveMany(scope, keys, { deadlineAtMs }));
    return answers.map((answer) =>
      answer.outcome === 'found' ? cached.accept(scope, answer.user, answer.readAtMs) : answer,
    );
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
