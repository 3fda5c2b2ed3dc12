import type { UserStatistics } from './statistics.ts';

export type UserState = 'ACTIVE' | 'SUSPENDED' | 'DELETED';

export type UserRole = 'CUSTOMER' | 'VENDOR' | 'ADMIN';

/** How much of a user is read; each view includes the one before. */
export type UserView = 'REFERENCE' | 'BASIC' | 'FULL';

/** The profile of a user, as JSON of `rollcall.user.v1.Profile`. */
export type ProfileJson = Readonly<Record<string, unknown>>;

/**
 * Maximum size of a profile as JSON. Bytes. Many times an entry of an address book, and 60 of them fit into
 * one message.
 */
export const MAX_PROFILE_BYTES = 64 * 1024;

/** Maximum number of tags of a user: the bound of `Profile.tags` in the contract. */
export const MAX_TAGS = 100;

/** The fields of the REFERENCE view. Absent texts are empty. */
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
  /** Mean of all ratings; 0 without ratings. */
  readonly averageRating: number;
  /** Number of ratings. */
  readonly totalReviews: number;
  readonly createTime: Date;
  readonly updateTime: Date;
  readonly deleteTime: Date | null;
}

/** Contact data, which the BASIC view adds. */
export interface UserContact {
  readonly email: string;
  readonly phone: string;
}

/** A user with the fields of the view that was read: contact from BASIC on, the rest in FULL. */
export interface User extends UserReference {
  readonly contact?: UserContact;
  /** Without tags and statistics, which are stored separately. */
  readonly profile?: ProfileJson;
  /** Without duplicates, in the order in which they were given. */
  readonly tags?: readonly string[];
  /** Sum over all services; undefined when no service reported any. */
  readonly statistics?: UserStatistics | undefined;
}

/** The fields to write. An absent field stays unchanged, and is empty in a new user. */
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
  /** Parts of the profile by name; null removes a part. */
  readonly profile?: ProfileJson;
  /** All tags of the user. */
  readonly tags?: readonly string[];
}

/** The name to show: the display name, or one composed of the other names. */
export function shownName(user: UserReference): string {
  return user.displayName || `${user.firstName} ${user.lastName}`.trim() || user.businessName;
}

/** The opaque fingerprint of a version of a user. */
export function etagOf(version: bigint): string {
  return `v${version}`;
}

/**
 * The form in which addresses are compared; null for an empty or impossible address.
 * Letters beyond ASCII are refused, because their lower case may be a letter of another address, such as that
 * of the Kelvin sign.
 */
export function emailKey(email: string): string | null {
  const trimmed = email.trim();
  return /^[\x21-\x7e]+$/.test(trimmed) ? trimmed.toLowerCase() : null;
}

/**
 * `emailKey` without a plus-suffix, which is alike for the addresses of one person; null as in `emailKey`.
 */
export function emailBaseKey(email: string): string | null {
  return emailKey(email)?.replace(/^([^+@]+)\+[^@]*@/, '$1@') ?? null;
}
