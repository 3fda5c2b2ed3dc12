import type { UserView } from '@rollcall/contract/user';
import { remainingMs } from '@rollcall/transport';
import { toDegradeLimit, toView } from './check-options.ts';
import { UserClientOptionError } from './errors.ts';
import type { UserReadOptions } from './user-client-options.ts';
import type { ReadCall, UserScope } from './user-reader.ts';

const LONGEST_MS = 2 ** 31 - 1;

/** The scope of a call. Throws UserClientOptionError where there is no tenant, or the view is none. */
export function toScope(defaultScope: UserScope | undefined, view: UserView | undefined): UserScope {
  if (defaultScope === undefined) {
    throw new UserClientOptionError(
      'tenantId',
      'no tenant to ask about; give tenantId to createUserClient, or use forTenant(tenantId)',
    );
  }
  return view === undefined ? defaultScope : { ...defaultScope, view: toView(view) };
}

/** What the layers look at. Throws UserClientOptionError that names the option at fault. */
export function toCall(
  { signal, timeoutMs, maxStaleMs, degrade }: UserReadOptions,
  defaults: { timeoutMs: number; nowMs: number },
): ReadCall {
  const limitMs = timeoutMs ?? defaults.timeoutMs;
  if (typeof limitMs !== 'number' || Number.isNaN(limitMs))
    throw new UserClientOptionError('timeoutMs', `${limitMs} is not a number`);
  if (maxStaleMs !== undefined && !(typeof maxStaleMs === 'number' && maxStaleMs >= 0))
    throw new UserClientOptionError('maxStaleMs', `${maxStaleMs} is not a number from 0`);
  if (degrade === 'none' && maxStaleMs !== undefined)
    throw new UserClientOptionError(
      'maxStaleMs',
      "has no meaning beside degrade 'none'; leave one of them out",
    );
  return {
    // Nobody works for a caller who has stopped waiting.
    deadlineAtMs: defaults.nowMs + Math.min(limitMs, remainingMs() ?? LONGEST_MS, LONGEST_MS),
    ...(signal && { signal }),
    ...(maxStaleMs !== undefined && { maxStaleMs }),
    ...(degrade !== undefined && { degrade: toDegradeLimit(degrade) }),
  };
}

/** 0n where none is given. Throws UserClientOptionError. */
export function toMinVersion(minVersion: bigint | undefined): bigint {
  if (minVersion === undefined) return 0n;
  if (typeof minVersion === 'bigint' && minVersion >= 0n) return minVersion;
  throw new UserClientOptionError('minVersion', `${minVersion} is not a bigint from 0n`);
}
