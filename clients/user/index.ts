// Public API of @rollcall/user-client. Callers that change users also use `@rollcall/user-client/admin`.
export { type User, UserRole, UserState, UserView } from '@rollcall/contract/user';
export { TransportOptionError } from '@rollcall/transport';
export { BREAKER_DEFAULTS, type BreakerOptions, type BreakerState } from '@rollcall/transport/guard';
export type { UserColumn, WithUsers } from './attach.ts';
export type { CachedDescription, DescribedEntry, UserDescription } from './cache/describe-user.ts';
export type { FeedState, FeedStats } from './feed/change-feed.ts';
export type { SeenVersion } from './model/change-sink.ts';
export { isOutage } from './model/classify-error.ts';
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
} from './model/diagnostics.ts';
export {
  UserClientClosedError,
  UserClientError,
  UserClientOptionError,
  type UserClientReason,
  UserNotFoundError,
  UserReadCanceledError,
  UserServiceRefusedError,
  UserUnavailableError,
} from './model/errors.ts';
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
} from './model/user-lookup.ts';
export type { DegradeLimit, ViewName } from './model/user-reader.ts';
export type { UserReadOptions } from './options/call-options.ts';
export { NUMBER_OPTIONS, REFRESH_AHEAD_RATIO } from './options/check-options.ts';
export type { TelemetryOptions, UserClientOptions } from './options/user-client-options.ts';
export { carrySeenVersions } from './seen-versions/carry-seen-versions.ts';
export { SEEN_HEADER } from './seen-versions/seen-header.ts';
export {
  minSeenVersion,
  recordSeenHeader,
  recordSeenVersion,
  recordWrittenUser,
  seenHeader,
  withSeenHeader,
  withSeenVersions,
} from './seen-versions/version-context.ts';
export {
  type Metric,
  type MetricReading,
  type MetricSource,
  toMetricReadings,
} from './telemetry/metric-readings.ts';
export type { TenantUserClient } from './tenant-user-client.ts';
export { createUserClient, type UserClient, type UserClientStats } from './user-client.ts';
