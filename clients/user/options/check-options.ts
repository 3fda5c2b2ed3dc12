import { UserView } from '@rollcall/contract/user';
import { showValue } from '@rollcall/transport';
import { BREAKER_DEFAULTS, type BreakerOptions } from '@rollcall/transport/guard';
import { UserClientOptionError } from '../model/errors.ts';
import type { DegradeLimit } from '../model/user-reader.ts';
import type { UserClientOptions } from './user-client-options.ts';

const LONGEST_MS = 2 ** 31 - 1;
const DAY_MS = 24 * 60 * 60 * 1000;

const HOUR_MS = 60 * 60 * 1000;

/** Default, minimum and maximum of every option that is a whole number. */
export const NUMBER_OPTIONS = {
  timeoutMs: [1_000, 1, LONGEST_MS],
  ttlMs: [5_000, 0, LONGEST_MS],
  liveTtlMs: [600_000, 0, LONGEST_MS],
  missingTtlMs: [1_000, 0, LONGEST_MS],
  liveMissingTtlMs: [60_000, 0, LONGEST_MS],
  maxStaleMs: [DAY_MS, 0, LONGEST_MS],
  maxEntries: [100_000, 1, 10_000_000],
  maxBytes: [134_217_728, 65_536, 2 ** 40],
  maxMissingEntries: [10_000, 1, 10_000_000],
  maxSeenVersions: [100_000, 1, 10_000_000],
  batchWindowMs: [0, 0, 1_000],
  hedgeAfterMs: [0, 0, LONGEST_MS],
  maxIdsPerCall: [10_000, 1, 1_000_000],
  snapshotIntervalMs: [60_000, 1_000, HOUR_MS],
} as const satisfies Partial<Record<keyof UserClientOptions, readonly [number, number, number]>>;

/** Minimum and maximum of every option of the breaker. */
const BREAKER_RANGES = {
  errorThresholdPercentage: [1, 99],
  volumeThreshold: [1, 1_000_000],
  timeoutThreshold: [1, 1_000_000],
  resetTimeoutMs: [1, LONGEST_MS],
  probes: [1, 1_000],
} as const satisfies Record<keyof BreakerOptions, readonly [number, number]>;

type NumberOption = keyof typeof NUMBER_OPTIONS;

/** Default of `refreshAheadRatio`. */
export const REFRESH_AHEAD_RATIO = 0.8;

/** The options with every default in place. */
export type UserClientSettings = Record<NumberOption, number> & {
  view: UserView;
  degrade: DegradeLimit;
  refreshAheadRatio: number;
  snapshotPath: string | undefined;
  snapshotView: UserView;
};

/**
 * Checks every option, except those of the connection, and fills in defaults.
 * @throws UserClientOptionError
 */
export function toSettings(options: UserClientOptions): UserClientSettings {
  if (typeof options !== 'object' || options === null)
    throw new UserClientOptionError('options', `${showValue(options)} is not an object with options`);
  const names = Object.keys(NUMBER_OPTIONS) as NumberOption[];
  const numbers = Object.fromEntries(names.map((name) => [name, toNumber(name, options[name])])) as Record<
    NumberOption,
    number
  >;
  // A ttl that is set without its live twin sets both: 0 always asks, and the live one is never shorter.
  numbers.liveTtlMs = options.liveTtlMs ?? toLiveMs(numbers.ttlMs, numbers.liveTtlMs);
  numbers.liveMissingTtlMs =
    options.liveMissingTtlMs ?? toLiveMs(numbers.missingTtlMs, numbers.liveMissingTtlMs);
  checkOrder(numbers, 'maxStaleMs', 'ttlMs');
  checkOrder(numbers, 'liveTtlMs', 'ttlMs');
  checkOrder(numbers, 'liveMissingTtlMs', 'missingTtlMs');
  checkBreaker(options.breaker);
  checkClock(options.clock);
  return {
    ...numbers,
    view: toView(options.view),
    degrade: toDegradeLimit(options.degrade),
    refreshAheadRatio: toRatio(options.refreshAheadRatio),
    ...toSnapshotSettings(options),
  };
}

/** Which old answers may be served during an outage, `snapshot` by default. @throws UserClientOptionError */
export function toDegradeLimit(degrade: DegradeLimit = 'snapshot'): DegradeLimit {
  if (degrade === 'none' || degrade === 'stale' || degrade === 'snapshot') return degrade;
  throw new UserClientOptionError('degrade', `${showValue(degrade)} is not 'none', 'stale' or 'snapshot'`);
}

/** The view, REFERENCE by default. @throws UserClientOptionError */
export function toView(view: UserView = UserView.REFERENCE, option = 'view'): UserView {
  if (view === UserView.REFERENCE || view === UserView.BASIC || view === UserView.FULL) return view;
  throw new UserClientOptionError(option, `${showValue(view)} is not REFERENCE, BASIC or FULL of UserView`);
}

function toNumber(name: NumberOption, value: number | undefined): number {
  const [otherwise, least, most] = NUMBER_OPTIONS[name];
  return inRange(name, value ?? otherwise, [least, most]);
}

function toLiveMs(ttlMs: number, otherwiseMs: number): number {
  return ttlMs === 0 ? 0 : Math.max(ttlMs, otherwiseMs);
}

function checkOrder(
  numbers: Record<NumberOption, number>,
  longer: NumberOption,
  shorter: NumberOption,
): void {
  if (numbers[longer] >= numbers[shorter]) return;
  throw new UserClientOptionError(
    longer,
    `${numbers[longer]} is less than ${shorter} ${numbers[shorter]}; make it at least as long`,
  );
}

function toRatio(ratio: number = REFRESH_AHEAD_RATIO): number {
  if (typeof ratio === 'number' && ratio >= 0 && ratio < 1) return ratio;
  throw new UserClientOptionError(
    'refreshAheadRatio',
    `${showValue(ratio)} is not a number from 0 and below 1`,
  );
}

function toSnapshotSettings({ snapshotPath, snapshotView, snapshotIntervalMs, degrade }: UserClientOptions) {
  if (snapshotPath === undefined) {
    const orphan = snapshotView !== undefined ? 'snapshotView' : 'snapshotIntervalMs';
    if (snapshotView !== undefined || snapshotIntervalMs !== undefined)
      throw new UserClientOptionError(orphan, 'has no meaning without snapshotPath');
  } else if (typeof snapshotPath !== 'string' || snapshotPath === '') {
    throw new UserClientOptionError('snapshotPath', 'is not the path of a file');
  } else if (degrade === 'none' || degrade === 'stale') {
    throw new UserClientOptionError(
      'degrade',
      `'${degrade}' never uses the snapshot that snapshotPath asks for`,
    );
  }
  return { snapshotPath, snapshotView: toView(snapshotView, 'snapshotView') };
}

function checkBreaker(breaker: BreakerOptions = {}): void {
  if (typeof breaker !== 'object' || breaker === null)
    throw new UserClientOptionError('breaker', `${showValue(breaker)} is not an object of BreakerOptions`);
  for (const name of Object.keys(BREAKER_RANGES) as (keyof BreakerOptions)[]) {
    const { [name]: value = BREAKER_DEFAULTS[name] } = breaker;
    inRange(`breaker.${name}`, value, BREAKER_RANGES[name]);
  }
}

function checkClock(clock: UserClientOptions['clock']): void {
  if (clock === undefined || typeof clock === 'function') return;
  throw new UserClientOptionError('clock', `${showValue(clock)} is not a function that answers ms`);
}

function inRange(option: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UserClientOptionError(
    option,
    `${showValue(value)} is not a whole number from ${least} to ${most}`,
  );
}
