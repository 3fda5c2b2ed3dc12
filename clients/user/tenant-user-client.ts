import type { User, UserView } from '@rollcall/contract/user';
import { remainingMs } from '@rollcall/transport';
import { attachUsers, type UserColumn, type WithUsers } from './attach.ts';
import { toView, type UserClientSettings } from './check-options.ts';
import type { ClientCounters } from './counters.ts';
import {
  UserClientClosedError,
  UserClientOptionError,
  UserNotFoundError,
  UserReadCanceledError,
  UserUnavailableError,
} from './errors.ts';
import { toTenantId, toUserId, toUserIds } from './ids.ts';
import { type ResolveContext, resolveUsers, toUserKey } from './resolve-users.ts';
import { toOutcome } from './to-lookup.ts';
import type { UserReadOptions } from './user-client-options.ts';
import type { KeyLookup, UserKey, UserLookup } from './user-lookup.ts';
import type { ReadCall, UserAnswer, UserScope } from './user-reader.ts';

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
  /** Forgets what is known of this id, also what is on its way: the next read asks. */
  invalidate(id: string): void;
}

/** What the clients of all tenants share. */
export interface UserClientLayers extends ResolveContext {
  settings: UserClientSettings;
  counters: ClientCounters;
  isClosed(): boolean;
}

const LONGEST_MS = 2 ** 31 - 1;

/** Checks arguments, asks the layers, and turns their answers into what callers see. */
export class TenantUsers implements TenantUserClient {
  readonly tenantId: string | undefined;
  readonly #layers: UserClientLayers;
  readonly #defaultScope: UserScope | undefined;

  constructor(layers: UserClientLayers, tenantId: string | undefined) {
    this.#layers = layers;
    this.tenantId = tenantId === undefined ? undefined : toTenantId(tenantId);
    this.#defaultScope =
      this.tenantId === undefined ? undefined : { tenantId: this.tenantId, view: layers.settings.view };
  }

  async getUser(id: string, options?: UserReadOptions): Promise<User> {
    const hit = options === undefined ? this.#hit(id) : undefined;
    return hit ?? ((await this.#getAll([toUserId(id, 'id')], options))[0] as User);
  }

  getUsers(ids: readonly string[], options?: UserReadOptions): Promise<User[]> {
    return this.#getAll(ids, options);
  }

  async lookup(id: string, options?: UserReadOptions): Promise<UserLookup> {
    return (await this.lookupMany([toUserId(id, 'id')], options))[0] as UserLookup;
  }

  async lookupMany(ids: readonly string[], options: UserReadOptions = {}): Promise<UserLookup[]> {
    const { cached, settings } = this.#layers;
    const lowerIds = toUserIds(ids, settings.maxIdsPerCall);
    const minVersion = toMinVersion(options.minVersion);
    const reads = lowerIds.map((id) => ({ id, minVersion }));
    const outcomes = await this.#ask(options, (scope, call) => cached.readMany(scope, reads, call));
    return outcomes.map((outcome, i) => ({ id: lowerIds[i] as string, ...outcome }));
  }

  peek(id: string, options: Pick<UserReadOptions, 'view'> = {}): User | undefined {
    const { cached } = this.#layers;
    const scope = this.#scope(options.view);
    return (cached.peek(scope, id) ?? cached.peek(scope, toUserId(id, 'id')))?.user;
  }

  attach<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
    rows: readonly Row[],
    columns: Columns,
    options?: UserReadOptions,
  ): Promise<WithUsers<Row, Columns>[]> {
    return attachUsers(rows, columns, (ids) => this.lookupMany(ids, options));
  }

  async resolve(key: UserKey, options?: UserReadOptions): Promise<KeyLookup> {
    return (await this.resolveMany([toUserKey(key, 'key')], options))[0] as KeyLookup;
  }

  async resolveMany(keys: readonly UserKey[], options: UserReadOptions = {}): Promise<KeyLookup[]> {
    const { settings } = this.#layers;
    if (keys.length > settings.maxIdsPerCall) {
      throw new UserClientOptionError(
        'keys',
        `${keys.length} are more than maxIdsPerCall ${settings.maxIdsPerCall}; ask in parts`,
      );
    }
    const checked = keys.map((key, i) => toUserKey(key, `keys[${i}]`));
    const outcomes = await this.#ask(options, (scope, call) =>
      resolveUsers(this.#layers, scope, { keys: checked, call }),
    );
    return outcomes.map((outcome, i) => ({ key: checked[i] as UserKey, ...outcome }));
  }

  invalidate(id: string): void {
    this.#layers.cached.invalidate(this.#scope(undefined).tenantId, toUserId(id, 'id'));
  }

  /** What is in memory is there under the lower-case id, so a hit needs no check of the id. */
  #hit(id: string): User | undefined {
    if (this.#defaultScope === undefined) return undefined;
    const user = this.#layers.cached.peek(this.#defaultScope, id)?.user;
    if (user !== undefined) this.#layers.counters.hits += 1;
    return user;
  }

  async #getAll(ids: readonly string[], options: UserReadOptions | undefined): Promise<User[]> {
    const lookups = await this.lookupMany(ids, options);
    const tenantId = this.#scope(options?.view).tenantId;
    const missing = lookups.filter((lookup) => lookup.outcome === 'missing').map(({ id }) => id);
    if (missing.length > 0) throw new UserNotFoundError(tenantId, [...new Set(missing)]);
    const unavailable = lookups.filter((lookup) => lookup.outcome === 'unavailable');
    const [first] = unavailable;
    if (first !== undefined)
      throw new UserUnavailableError(tenantId, [...new Set(unavailable.map(({ id }) => id))], first.degraded);
    return lookups.flatMap((lookup) => ('user' in lookup ? lookup.user : []));
  }

  async #ask(
    options: UserReadOptions,
    ask: (scope: UserScope, call: ReadCall) => Promise<readonly UserAnswer[]>,
  ) {
    const { clock, isClosed } = this.#layers;
    if (isClosed()) throw new UserClientClosedError();
    const scope = this.#scope(options.view);
    const call = this.#call(options);
    if (call.signal?.aborted) throw new UserReadCanceledError(call.signal.reason);
    const answers = await ask(scope, call);
    if (isClosed()) throw new UserClientClosedError();
    const nowMs = clock();
    return answers.map((answer) => toOutcome(answer, nowMs));
  }

  #scope(view: UserView | undefined): UserScope {
    if (this.#defaultScope === undefined) {
      throw new UserClientOptionError(
        'tenantId',
        'no tenant to ask about; give tenantId to createUserClient, or use forTenant(tenantId)',
      );
    }
    return view === undefined ? this.#defaultScope : { ...this.#defaultScope, view: toView(view) };
  }

  #call({ signal, timeoutMs = this.#layers.settings.timeoutMs, maxStaleMs }: UserReadOptions): ReadCall {
    if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs))
      throw new UserClientOptionError('timeoutMs', `${timeoutMs} is not a number`);
    if (maxStaleMs !== undefined && !(maxStaleMs >= 0))
      throw new UserClientOptionError('maxStaleMs', `${maxStaleMs} is not a number from 0`);
    const leftMs = Math.min(timeoutMs, remainingMs() ?? LONGEST_MS, LONGEST_MS);
    const deadlineAtMs = this.#layers.clock() + leftMs;
    return { deadlineAtMs, ...(signal && { signal }), ...(maxStaleMs !== undefined && { maxStaleMs }) };
  }
}

function toMinVersion(minVersion: bigint | undefined): bigint {
  if (minVersion === undefined) return 0n;
  if (typeof minVersion === 'bigint' && minVersion >= 0n) return minVersion;
  throw new UserClientOptionError('minVersion', `${minVersion} is not a bigint from 0n`);
}
