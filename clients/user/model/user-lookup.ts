import type { User } from '@rollcall/contract/user';

/**
 * Why an answer is not the service's current one. `breaker_open`: the service failed before, and is not asked
 * for a moment. `deadline_exceeded`: no answer came in time. `rate_limited`: the service refused the call by
 * rate limit. `service_fault`: the service failed inside. `service_unavailable`: the service is down, ending
 * or overloaded, or was not asked because `callerToken` failed. `version_not_reached`: the service does not
 * have the `minVersion` yet.
 */
export type DegradedReason =
  | 'breaker_open'
  | 'deadline_exceeded'
  | 'rate_limited'
  | 'service_fault'
  | 'service_unavailable'
  | 'version_not_reached';

/** Why an answer is not current, for programs and for the log. */
export interface Degradation {
  readonly reason: DegradedReason;
  /** The error behind it. */
  readonly cause: unknown;
}

/** A user that exists, or existed. */
export interface KnownUser {
  /** `deleted`: still answered, so that a row that refers to it can say so. */
  readonly outcome: 'found' | 'deleted';
  /**
   * Frozen, and shared with other callers. After a merge the survivor, whose id differs from the one asked
   * for.
   */
  readonly user: User;
  /** `user.version`. */
  readonly version: bigint;
  /** Age of the answer in ms, at most. */
  readonly ageMs: number;
  /** `stale`: from before an outage. `snapshot`: from an earlier process. `degraded` says why. */
  readonly source: 'cache' | 'service' | 'stale' | 'snapshot';
  /** Present exactly with `stale` and `snapshot`. */
  readonly degraded?: Degradation;
}

/** The service says that there is no such user. An outage never leads to this answer. */
export interface MissingUser {
  readonly outcome: 'missing';
  readonly source: 'cache' | 'service';
  readonly ageMs: number;
}

/** The service could not be asked, and nothing is known of the user. Whether it exists is unknown. */
export interface UnavailableUser {
  readonly outcome: 'unavailable';
  readonly degraded: Degradation;
}

/** The outcome of a read, by any key. */
export type UserOutcome = KnownUser | MissingUser | UnavailableUser;

/** The outcome of a read by id. */
export type UserLookup = UserOutcome & {
  /** The id asked for, in lower case. */
  readonly id: string;
};

/** A key other than the id: an e-mail address, or the id in another system. */
export type UserKey = { readonly email: string } | { readonly source: string; readonly externalId: string };

/** The outcome of a read by another key. */
export type KeyLookup = UserOutcome & {
  /** The key asked for. */
  readonly key: UserKey;
};
