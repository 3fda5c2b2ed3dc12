import type { UserView } from '@rollcall/contract/user';
import { remainingMs, showValue } from '@rollcall/transport';
import { UserClientOptionError } from '../model/errors.ts';
import type { DegradeLimit, ReadCall, UserScope } from '../model/user-reader.ts';
import { toDegradeLimit, toView } from './check-options.ts';
import { toVersion } from './ids.ts';

/** Options of one call. */
export interface UserReadOptions {
  /** How much of a user to read. Absent: the client's view. */
  view?: UserView;
  /** Aborts this call with UserReadCanceledError. A read that other callers share goes on. */
  signal?: AbortSignal;
  /** Deadline of this call in ms. Absent: the client's. 0 or less: only memory answers. */
  timeoutMs?: number;
  /**
   * The lowest version to accept, from an earlier write, read or event, below 2n ** 63n. It holds for each id
   * of this call, and for no other call: a wrong one harms only its caller. Once such a version was answered,
   * no caller gets an older one. For versions that several calls must reach, see `withSeenVersions`.
   * @defaultValue 0n
   */
  minVersion?: bigint;
  /** Oldest age in ms of an answer while the service is down. Absent, and at most: the client's limit. */
  maxStaleMs?: number;
  /** Which users are served while the service is down. Absent: the client's `degrade`. */
  degrade?: DegradeLimit;
}

const LONGEST_MS = 2 ** 31 - 1;
const NO_OPTIONS: UserReadOptions = {};

/** The options of a call, or an empty object. @throws UserClientOptionError when they are not an object */
export function toReadOptions(options: UserReadOptions = NO_OPTIONS): UserReadOptions {
  if (typeof options === 'object' && options !== null) return options;
  throw new UserClientOptionError('options', `${showValue(options)} is not an object with options of a read`);
}

/** The scope of a call. @throws UserClientOptionError when there is no tenant, or the view is invalid */
export function toScope(defaultScope: UserScope | undefined, view: UserView | undefined): UserScope {
  if (defaultScope === undefined) {
    throw new UserClientOptionError(
      'tenantId',
      'no tenant to ask about; give tenantId to createUserClient, or use forTenant(tenantId)',
    );
  }
  return view === undefined ? defaultScope : { ...defaultScope, view: toView(view) };
}

/** The limits of a call for the layers. @throws UserClientOptionError that names the option at fault */
export function toCall(
  { signal, timeoutMs, maxStaleMs, degrade }: UserReadOptions,
  defaults: { timeoutMs: number; nowMs: number },
): ReadCall {
  const limitMs = timeoutMs ?? defaults.timeoutMs;
  if (typeof limitMs !== 'number' || Number.isNaN(limitMs))
    throw new UserClientOptionError('timeoutMs', `${showValue(limitMs)} is not a number`);
  if (maxStaleMs !== undefined && !(typeof maxStaleMs === 'number' && maxStaleMs >= 0))
    throw new UserClientOptionError('maxStaleMs', `${showValue(maxStaleMs)} is not a number from 0`);
  if (degrade === 'none' && maxStaleMs !== undefined)
    throw new UserClientOptionError(
      'maxStaleMs',
      "has no meaning beside degrade 'none'; leave one of them out",
    );
  return {
    // No longer than the caller's own deadline: it would not wait for the answer.
    deadlineAtMs: defaults.nowMs + Math.min(limitMs, remainingMs() ?? LONGEST_MS, LONGEST_MS),
    ...(signal !== undefined && { signal: toSignal(signal) }),
    ...(maxStaleMs !== undefined && { maxStaleMs }),
    ...(degrade !== undefined && { degrade: toDegradeLimit(degrade) }),
  };
}

/** The minimum version, 0n by default. @throws UserClientOptionError */
export function toMinVersion(minVersion: bigint | undefined): bigint {
  return minVersion === undefined ? 0n : toVersion(minVersion, 'minVersion');
}

/** Checked by its methods: a signal may come from another realm, or from a library. */
function toSignal(signal: AbortSignal): AbortSignal {
  const { aborted, addEventListener, removeEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  const canListen = typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  if (typeof aborted === 'boolean' && canListen) return signal;
  throw new UserClientOptionError(
    'signal',
    `${showValue(signal)} is not an AbortSignal; of a controller give its signal`,
  );
}
