import type { UserStatistics } from './statistics.ts';

/** Whether a user is usable. */
export type UserState = 'ACTIVE' | 'SUSPENDED' | 'DELETED';

/** What a user is to its tenant. */
export type UserRole = 'CUSTOMER' | 'VENDOR' | 'ADMIN';

/** How much of a user is wanted; each holds the one before. */
export type UserView = 'REFERENCE' | 'BASIC' | 'FULL';

/** The long tail of a user, as JSON in the form of `rollcall.user.v1.Profile`. */
export type ProfileJson = Readonly<Record<string, unknown>>;

/** The most bytes of a profile as JSON. Our own choice: an address book's entry many times over, and 60 of them in one message. */
export const MAX_PROFILE_BYTES = 64 * 1024;

/** The most tags of one user. The contract's own bound of `Profile.tags`. */
export const MAX_TAGS = 100;

/** What stands beside a reference to a user. Absent texts are empty. */
export interface UserReference {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly state: UserState;
  readonly role: UserRole;
  readonly firstName: string;
  readonly lastName: string;
  /** As it was given; see `shownName`. */
  readonly displayName: string;
  readonly profileImage: string;
  readonly businessName: string;
  /** Mean of all ratings; 0 where there are none. */
  readonly averageRating: number;
  /** How many ratings that is the mean of. */
  readonly totalReviews: number;
  readonly createTime: Date;
  readonly updateTime: Date;
  readonly deleteTime: Date | null;
}

/** Contact data: what the BASIC view adds. */
export interface UserContact {
  readonly email: string;
  readonly phone: string;
}

/** A user as far as it was read: contact from the BASIC view on, all else in the FULL view. */
export interface User extends UserReference {
  readonly contact?: UserContact;
  /** Without tags and statistics, which are kept by themselves. */
  readonly profile?: ProfileJson;
  /** Each once, in the order in which they were given. */
  readonly tags?: readonly string[];
  /** Summed over all services; undefined: none has told any. */
  readonly statistics?: UserStatistics | undefined;
}

/** What a caller may write of a user; absent: left as it is, or empty in a new one. */
export interface UserChanges {
  readonly state?: Exclude<UserState, 'DELETED'>;
  readonly role?: UserRole;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly displayName?: string;
  readonly profileImage?: string;
  readonly businessName?: string;
  readonly email?: string;
  readonly phone?: string;
  /** Parts of the profile by name; null takes a part away. */
  readonly profile?: ProfileJson;
  /** All tags that the user shall have. */
  readonly tags?: readonly string[];
}

/** The name to show for a user who gave none. */
export function shownName(user: UserReference): string {
  return user.displayName || `${user.firstName} ${user.lastName}`.trim() || user.businessName;
}

/** The opaque fingerprint of a version of a user. */
export function etagOf(version: bigint): string {
  return `v${version}`;
}

/**
 * An address in the form in which addresses are compared; null where there is none, or none that anybody can have.
 * Letters beyond ASCII have lower cases that are letters of other people's addresses, such as the Kelvin sign's k.
 */
export function emailKey(email: string): string | null {
  const trimmed = email.trim();
  return /^[\x21-\x7e]+$/.test(trimmed) ? trimmed.toLowerCase() : null;
}

/** An address in the form in which addresses of one person are alike: without a plus-suffix; null as in `emailKey`. */
export function emailBaseKey(email: string): string | null {
  return emailKey(email)?.replace(/^([^+@]+)\+[^@]*@/, '$1@') ?? null;
}
