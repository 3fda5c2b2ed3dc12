import type { ExternalId } from '../records/user-records.ts';
import type { User, UserRole, UserState, UserView } from '../user.ts';

/** A position in a list of users: the sort key and the id. */
export interface UserPosition {
  /** A time in milliseconds since 1970, or the sorted form of the name. */
  readonly key: number | string;
  readonly id: string;
}

/** The users to list. Absent times, and empty roles and tags, match all users. */
export interface UserFilter {
  readonly tenantId: string;
  readonly states: readonly UserState[];
  readonly roles: readonly UserRole[];
  /** A user must have all of these. */
  readonly tags: readonly string[];
  readonly createdFrom?: Date;
  readonly createdBefore?: Date;
  /** Last active at this time or later. */
  readonly activeFrom?: Date;
  readonly activeBefore?: Date;
}

/** A page of a list: filter, view, order and limit. */
export interface UserList {
  readonly filter: UserFilter;
  readonly view: UserView;
  readonly orderBy: 'createTime' | 'updateTime' | 'displayName';
  readonly descending: boolean;
  readonly limit: number;
  /** Begin after this position. Absent: at the beginning. */
  readonly after?: UserPosition;
}

/** A user in a list. */
interface ListedUser {
  readonly user: User;
  /** The position at which the list continues after this user. */
  readonly position: UserPosition;
}

/** One page of a list. */
export interface UserPage {
  readonly listed: readonly ListedUser[];
  /** The position at which the next page begins. Absent on the last page. */
  readonly next?: UserPosition;
}

/** An external id as one text, for use as a map key. */
export function externalKey({ source, externalId }: ExternalId): string {
  return JSON.stringify([source, externalId]);
}

/** Reads users. Ids are in lower case. */
export interface UserReads {
  /**
   * Reads one user; undefined when it does not exist.
   * A version below `minVersion` does not come from a cache, but may be returned when no higher version
   * exists.
   */
  find(tenantId: string, id: string, view: UserView, minVersion?: bigint): Promise<User | undefined>;
  /** Reads many users, in the order of the ids. Duplicates are allowed. */
  findMany(
    tenantId: string,
    ids: readonly string[],
    view: UserView,
    minVersions?: ReadonlyMap<string, bigint>,
  ): Promise<readonly (User | undefined)[]>;
  /** Finds users that are not deleted by their `emailKey`. */
  findByEmailKeys(
    tenantId: string,
    keys: readonly string[],
    view: UserView,
  ): Promise<ReadonlyMap<string, User>>;
  /** Finds users by external ids, including deleted users. The keys of the result are `externalKey`. */
  findByExternalIds(
    tenantId: string,
    externalIds: readonly ExternalId[],
    view: UserView,
  ): Promise<ReadonlyMap<string, User>>;
  /** Reads one page of users in a stable order. A page may be short; only an absent `next` marks the last. */
  list(list: UserList): Promise<UserPage>;
}
