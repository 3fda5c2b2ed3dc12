import type { User } from '@rollcall/contract/user';
import type { UserColumn, WithUsers } from './attach.ts';
import type { UserDescription } from './cache/describe-user.ts';
import type { KeyLookup, UserKey, UserLookup } from './model/user-lookup.ts';
import type { UserReadOptions } from './options/user-client-options.ts';

/** Asks about the users of one tenant. Every method throws UserClientOptionError before any call where an argument is wrong. */
export interface TenantUserClient {
  /** The tenant asked about. Undefined: none was given, and every method throws. */
  readonly tenantId: string | undefined;
  /**
   * The user; also one that is deleted, whose `state` says so. Throws UserNotFoundError, UserUnavailableError,
   * UserServiceRefusedError, UserReadCanceledError, UserClientClosedError.
   */
  getUser(id: string, options?: UserReadOptions): Promise<User>;
  /** All these users, in the order of the ids. Throws as getUser does where any of them cannot be had. */
  getUsers(ids: readonly string[], options?: UserReadOptions): Promise<User[]>;
  /** What is known of this id, and how. Throws UserServiceRefusedError, UserReadCanceledError, UserClientClosedError. */
  lookup(id: string, options?: UserReadOptions): Promise<UserLookup>;
  /** What is known of each id, in the order of the ids, duplicates too. Throws as lookup does. */
  lookupMany(ids: readonly string[], options?: UserReadOptions): Promise<UserLookup[]>;
  /** The user where it is in memory and fresh, at once. Undefined: it would have to be asked for. Nothing is sent. */
  peek(id: string, options?: Pick<UserReadOptions, 'view'>): User | undefined;
  /**
   * Rows with users beside their ids, in place of a join: `attach(rows, { customer: 'customerId' })` answers copies of the
   * rows with a lookup in `customer`, or undefined where `customerId` is empty. One read for all rows and columns.
   */
  attach<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
    rows: readonly Row[],
    columns: Columns,
    options?: UserReadOptions,
  ): Promise<WithUsers<Row, Columns>[]>;
  /** What is known of the user behind an e-mail address or an id of another system. Always asks. Throws as lookup does. */
  resolve(key: UserKey, options?: Pick<UserReadOptions, 'view' | 'signal' | 'timeoutMs'>): Promise<KeyLookup>;
  /** The same for many keys, in their order. */
  resolveMany(
    keys: readonly UserKey[],
    options?: Pick<UserReadOptions, 'view' | 'signal' | 'timeoutMs'>,
  ): Promise<KeyLookup[]>;
  /**
   * Reads what is not in memory, so that later reads find it there; an outage is no error. With more ids than `maxEntries`
   * the first ones are forgotten again. Throws as lookup does.
   */
  prefetch(ids: readonly string[], options?: UserReadOptions): Promise<void>;
  /** Why a read of this id answers what it answers: what is in memory, how old, how good. At once; changes nothing. */
  describe(id: string): UserDescription;
  /** Forgets what is known of this id, also what is on its way: the next read asks. */
  invalidate(id: string): void;
}
