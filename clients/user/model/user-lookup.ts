import type { User } from '@rollcall/contract/user';

/**
 * Why an answer is not what the service says now.
 * `breaker_open`: not asked, because it failed just before. `deadline_exceeded`: no answer in time. `rate_limited`: it told
 * this caller to wait. `service_fault`: it failed inside. `service_unavailable`: it is away, ending or overloaded, or was not
 * asked because `callerToken` failed. `version_not_reached`: it does not know yet the `minVersion` that was asked for.
 */
export type DegradedReason =
  | 'breaker_open'
  | 'deadline_exceeded'
  | 'rate_limited'
  | 'service_fault'
  | 'service_unavailable'
  | 'version_not_reached';

/** Why, for programs and for the log. */
export interface Degradation {
  readonly reason: DegradedReason;
  /** The error behind it. */
  readonly cause: unknown;
}

/** The user is known. */
export interface KnownUser {
  /** `deleted`: still answered, so that a row that refers to it can say so. */
  readonly outcome: 'found' | 'deleted';
  /** Shared with other callers, and frozen. After a merge the survivor, whose id differs from the one asked for. */
  readonly user: User;
  /** `user.version`. */
  readonly version: bigint;
  /** The answer was true this many ms ago, or later. */
  readonly ageMs: number;
  /** `stale`: from before an outage; `snapshot`: from before the process. `degraded` says why. */
  readonly source: 'cache' | 'service' | 'stale' | 'snapshot';
  /** Present exactly with `stale` and `snapshot`. */
  readonly degraded?: Degradation;
}

/** The service says that there is no such user. Never said because the service could not be asked. */
export interface MissingUser {
  readonly outcome: 'missing';
  readonly source: 'cache' | 'service';
  readonly ageMs: number;
}

/** Nobody could be asked and nothing is known from before. Says nothing about whether the user exists. */
export interface UnavailableUser {
  readonly outcome: 'unavailable';
  readonly degraded: Degradation;
}

/** What is known of a user. */
export type UserOutcome = KnownUser | MissingUser | UnavailableUser;

/** What is known of the user with this id. */
export type UserLookup = UserOutcome & {
  /** The id asked for, in lower case. */
  readonly id: string;
};

/** Another key than the id: an e-mail address, or the id in another system. */
export type UserKey = { readonly email: string } | { readonly source: string; readonly externalId: string };

/** What is known of the user behind this key. */
export type KeyLookup = UserOutcome & {
  /** The key asked for. */
  readonly key: UserKey;
};
