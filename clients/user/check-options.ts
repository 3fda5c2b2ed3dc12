import { UserView } from '@rollcall/contract/user';
import { BREAKER_DEFAULTS } from './breaker.ts';
import { UserClientOptionError } from './errors.ts';
import type { UserClientOptions } from './user-client-options.ts';

const LONGEST_MS = 2 ** 31 - 1;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Default, least and most of every number among the options; whole numbers only. */
export const NUMBER_OPTIONS = {
  timeoutMs: [1_000, 1, LONGEST_MS],
  ttlMs: [5_000, 0, LONGEST_MS],
  missingTtlMs: [1_000, 0, LONGEST_MS],
  maxStaleMs: [DAY_MS, 0, LONGEST_MS],
  maxEntries: [100_000, 1, 10_000_000],
  maxMissingEntries: [10_000, 1, 10_000_000],
  batchWindowMs: [0, 0, 1_000],
  hedgeAfterMs: [0, 0, LONGEST_MS],
  maxIdsPerCall: [10_000, 1, 1_000_000],
} as const satisfies Partial<Record<keyof UserClientOptions, readonly [number, number, number]>>;

type NumberOption = keyof typeof NUMBER_OPTIONS;

/** The options with every default in place. */
export type UserClientSettings = Record<NumberOption, number> & { view: UserView };

/** Checks every option that is not about the connection. Throws UserClientOptionError. */
export function toSettings(options: UserClientOptions): UserClientSettings {
  const names = Object.keys(NUMBER_OPTIONS) as NumberOption[];
  const numbers = Object.fromEntries(names.map((name) => [name, toNumber(name, options[name])])) as Record<
    NumberOption,
    number
  >;
  if (numbers.maxStaleMs < numbers.ttlMs) {
    throw new UserClientOptionError(
      'maxStaleMs',
      `${numbers.maxStaleMs} is shorter than ttlMs ${numbers.ttlMs}; what is fresh cannot be too old`,
    );
  }
  checkBreaker(options.breaker ?? {});
  return { ...numbers, view: toView(options.view) };
}

/** The view, REFERENCE where none is given. Throws UserClientOptionError. */
export function toView(view: UserView = UserView.REFERENCE): UserView {
  if (view === UserView.REFERENCE || view === UserView.BASIC || view === UserView.FULL) return view;
  throw new UserClientOptionError('view', `${view} is not REFERENCE, BASIC or FULL of UserView`);
}

function toNumber(name: NumberOption, value: number | undefined): number {
  const [otherwise, least, most] = NUMBER_OPTIONS[name];
  return inRange(name, value ?? otherwise, [least, most]);
}

function checkBreaker(breaker: NonNullable<UserClientOptions['breaker']>): void {
  const given = { ...BREAKER_DEFAULTS, ...breaker };
  inRange('breaker.errorThresholdPercentage', given.errorThresholdPercentage, [1, 99]);
  inRange('breaker.volumeThreshold', given.volumeThreshold, [1, 1_000_000]);
  inRange('breaker.resetTimeoutMs', given.resetTimeoutMs, [1, LONGEST_MS]);
  inRange('breaker.probes', given.probes, [1, 1_000]);
}

function inRange(option: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UserClientOptionError(option, `${value} is not a whole number from ${least} to ${most}`);
}
