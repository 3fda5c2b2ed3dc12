// The door of @rollcall/user-client. `@rollcall/user-client/admin` is the other one, for those who change users.
export { type User, UserRole, UserState, UserView } from '@rollcall/contract/user';
export { TransportOptionError } from '@rollcall/transport';
export type { UserColumn, WithUsers } from './attach.ts';
export { BREAKER_DEFAULTS, type BreakerOptions, type BreakerState } from './breaker.ts';
export { carrySeenVersions } from './carry-seen-versions.ts';
export type { SeenVersion } from './change-feed.ts';
export { NUMBER_OPTIONS, REFRESH_AHEAD_RATIO } from './check-options.ts';
export type { CachedDescription, DescribedEntry, UserDescription, ViewName } from './describe-user.ts';
export {
  type BatchAnswered,
  type BatchSent,
  type BreakerChanged,
  DIAGNOSTIC_CHANNELS,
  type DiagnosticChannel,
  type DiagnosticMessages,
  type FeedLive,
  type FeedLost,
  type FeedLostReason,
  type SeenHeaderIgnored,
  type SnapshotFailed,
  type SnapshotMoved,
  type StaleAnswered,
} from './diagnostics.ts';
export {
  UserClientClosedError,
  UserClientError,
  UserClientOptionError,
  type UserClientReason,
  UserNotFoundError,
  UserReadCanceledError,
  UserServiceRefusedError,
  UserUnavailableError,
} from './errors.ts';
export type { FeedState, FeedStats } from './invalidation.ts';
export { isOutage } from './judge.ts';
export { type Metric, type MetricReading, type MetricSource, toMetricReadings } from './metric-readings.ts';
export { SEEN_HEADER } from './seen-header.ts';
export type { TelemetryOptions } from './telemetry.ts';
export type { TenantUserClient } from './tenant-user-client.ts';
export { createUserClient, type UserClient, type UserClientStats } from './user-client.ts';
export type { UserClientOptions, UserReadOptions } from './user-client-options.ts';
export type {
  Degradation,
  DegradedReason,
  KeyLookup,
  KnownUser,
  MissingUser,
  UnavailableUser,
  UserKey,
  UserLookup,
  UserOutcome,
} from './user-lookup.ts';
export type { DegradeLimit } from './user-reader.ts';
export {
  currentFloor,
  noteSeenHeader,
  noteSeenVersion,
  noteWrittenUser,
  seenHeader,
  withSeenHeader,
  withSeenVersions,
} from './version-context.ts';
