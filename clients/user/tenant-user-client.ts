import type { User } from '@rollcall/contract/user';
import type { UserColumn, WithUsers } from './attach.ts';
import type { UserDescription } from './cache/describe-user.ts';
import type { KeyLookup, UserKey, UserLookup } from './model/user-lookup.ts';
import type { UserReadOptions } from './options/call-options.ts';

/**
 * Reads the users of one tenant. Every method throws UserClientOptionError before a call is sent where an
 * argument is invalid.
 */
export interface TenantUserClient {
  /** The tenant of all reads. Undefined: none was given, and every method throws. */
  readonly tenantId: string | undefined;
  /**
   * The user with this id. A deleted one too, whose `state` says so.
   * @throws UserNotFoundError, UserUnavailableError, UserServiceRefusedError, UserReadCanceledError or
   * UserClientClosedError
   */
  getUser(id: string, options?: UserReadOptions): Promise<User>;
  /**
   * The users with these ids, in their order.
   * @throws the errors of `getUser`, when one of the users cannot be answered
   */
  getUsers(ids: readonly string[], options?: UserReadOptions): Promise<User[]>;
  /**
   * The outcome for this id: the user, that it is missing, or that the service is unavailable.
   * @throws UserServiceRefusedError, UserReadCanceledError or UserClientClosedError
   */
  lookup(id: string, options?: UserReadOptions): Promise<UserLookup>;
  /** The outcome for each id, in their order, with duplicates. @throws the errors of `lookup` */
  lookupMany(ids: readonly string[], options?: UserReadOptions): Promise<UserLookup[]>;
  /** The user where it is in memory and fresh. Undefined: it must be read. Sends nothing. */
  peek(id: string, options?: Pick<UserReadOptions, 'view'>): User | undefined;
  /**
   * Attaches users to rows by their ids, in place of a join: `attach(rows, { customer: 'customerId' })`
   * returns copies of the rows with a lookup in `customer`, or undefined where `customerId` is empty. One
   * read serves all rows and columns.
   * @throws the errors of `lookup`
   */
  attach<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
    rows: readonly Row[],
    columns: Columns,
    options?: UserReadOptions,
  ): Promise<WithUsers<Row, Columns>[]>;
  /**
   * The outcome for an e-mail address or an id of another system. Always asks the service.
   * @throws the errors of `lookup`
   */
  resolve(key: UserKey, options?: Pick<UserReadOptions, 'view' | 'signal' | 'timeoutMs'>): Promise<KeyLookup>;
  /** The outcome for each key, in their order. @throws the errors of `lookup` */
  resolveMany(
    keys: readonly UserKey[],
    options?: Pick<UserReadOptions, 'view' | 'signal' | 'timeoutMs'>,
  ): Promise<KeyLookup[]>;
  /**
   * Reads the ids that are not in memory, so that later reads find them. An outage is no error. With more ids
   * than `maxEntries` the first ones are evicted again.
   * @throws the errors of `lookup`
   */
  prefetch(ids: readonly string[], options?: UserReadOptions): Promise<void>;
  /**
   * Explains why a read of this id answers as it does: what is in memory, how old and how fresh it is.
   * Changes nothing.
   */
  describe(id: string): UserDescription;
  /** Forgets this id, so that the next read asks. Answers in flight are not kept. */
  invalidate(id: string): void;
}
