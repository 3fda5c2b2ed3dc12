import type { ExternalId } from '../records/user-records.ts';
import type { User, UserRole, UserState, UserView } from '../user.ts';

/** A place in a list by time: in ms since 1970, and the id. */
export interface ListPosition {
  readonly timeMs: number;
  readonly id: string;
}

/** A place in a list of users: what it is ordered by, and the id. */
export interface UserPosition {
  /** A time in ms since 1970, or the name as it is sorted. */
  readonly key: number | string;
  readonly id: string;
}

/** Which users; what is absent or empty lets all through. */
export interface UserFilter {
  readonly tenantId: string;
  readonly states: readonly UserState[];
  readonly roles: readonly UserRole[];
  /** All of which a user must have. */
  readonly tags: readonly string[];
  readonly createdFrom?: Date;
  readonly createdBefore?: Date;
  /** Last heard of at this moment or later. */
  readonly activeFrom?: Date;
  readonly activeBefore?: Date;
}

/** Which users to list, and how. */
export interface UserList {
  readonly filter: UserFilter;
  readonly view: UserView;
  readonly orderBy: 'createTime' | 'updateTime' | 'displayName';
  readonly descending: boolean;
  readonly limit: number;
  /** Begin behind this place; absent: at the beginning. */
  readonly after?: UserPosition;
}

/** A user in a list. */
export interface ListedUser {
  readonly user: User;
  /** Where the list goes on behind it. */
  readonly position: UserPosition;
}

/** One page of a list. */
export interface UserPage {
  readonly listed: readonly ListedUser[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: UserPosition;
}

/** A name in another system as one text, different for different names. */
export function externalKey({ source, externalId }: ExternalId): string {
  return JSON.stringify([source, externalId]);
}

/** How users are read. Ids are in lower case. */
export interface UserReads {
  /**
   * The user, or undefined. What is below `minVersion` does not come from memory; it may be below it all the same, where
   * that version does not exist.
   */
  find(tenantId: string, id: string, view: UserView, minVersion?: bigint): Promise<User | undefined>;
  /** The same for many ids, in their order; duplicates are allowed. */
  findMany(
    tenantId: string,
    ids: readonly string[],
    view: UserView,
    minVersions?: ReadonlyMap<string, bigint>,
  ): Promise<readonly (User | undefined)[]>;
  /** Users that are not deleted, by `emailKey`. */
  findByEmailKeys(
    tenantId: string,
    keys: readonly string[],
    view: UserView,
  ): Promise<ReadonlyMap<string, User>>;
  /** Users by their names in other systems, deleted ones too; the key is `externalKey`. */
  findByExternalIds(
    tenantId: string,
    externalIds: readonly ExternalId[],
    view: UserView,
  ): Promise<ReadonlyMap<string, User>>;
  /** One page of users in a stable order. It may be short: only an absent `next` says that it was the last. */
  list(list: UserList): Promise<UserPage>;
}
