import type { User } from '@rollcall/contract/user';
import { attachUsers, type UserColumn, type WithUsers } from './attach.ts';
import { toCall, toMinVersion, toScope } from './call-options.ts';
import type { UserClientSettings } from './check-options.ts';
import type { ClientCounters } from './counters.ts';
import type { UserDescription } from './describe-user.ts';
import {
  UserClientClosedError,
  UserClientOptionError,
  UserNotFoundError,
  UserReadCanceledError,
  UserUnavailableError,
} from './errors.ts';
import { toTenantId, toUserId, toUserIds } from './ids.ts';
import { type ResolveContext, resolveUsers, toUserKey } from './resolve-users.ts';
import type { TenantUserClient } from './tenant-user-client.ts';
import { toOutcome } from './to-lookup.ts';
import type { UserReadOptions } from './user-client-options.ts';
import type { KeyLookup, UserKey, UserLookup } from './user-lookup.ts';
import type { ReadCall, UserAnswer, UserRead, UserScope } from './user-reader.ts';
import { currentFloor, hasSeenVersions } from './version-context.ts';

/** What the clients of all tenants share. */
export interface UserClientLayers extends ResolveContext {
  settings: UserClientSettings;
  counters: ClientCounters;
  isClosed(): boolean;
}

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
    // What is in memory is there under the lower-case id, so a hit needs no check of the id.
    if (options === undefined && this.#defaultScope !== undefined) {
      const user = this.#layers.cached.getNow(this.#defaultScope, id);
      if (user !== undefined && isRecent(user, id)) return user;
    }
    return (await this.#getAll([toUserId(id, 'id')], options))[0] as User;
  }

  getUsers(ids: readonly string[], options?: UserReadOptions): Promise<User[]> {
    return this.#getAll(ids, options);
  }

  async lookup(id: string, options?: UserReadOptions): Promise<UserLookup> {
    const { cached, clock, isClosed } = this.#layers;
    if (options === undefined && this.#defaultScope !== undefined && !isClosed()) {
      const lowerId = toUserId(id, 'id');
      const answer = cached.answerNow(this.#defaultScope, lowerId);
      if (answer !== undefined && !(answer.outcome === 'found' && !isRecent(answer.user, lowerId)))
        return { id: lowerId, ...toOutcome(answer, clock()) };
    }
    return (await this.lookupMany([toUserId(id, 'id')], options))[0] as UserLookup;
  }

  async lookupMany(ids: readonly string[], options: UserReadOptions = {}): Promise<UserLookup[]> {
    const { cached, settings } = this.#layers;
    const lowerIds = toUserIds(ids, settings.maxIdsPerCall);
    const minVersion = toMinVersion(options.minVersion);
    const { tenantId } = toScope(this.#defaultScope, undefined);
    const reads = lowerIds.map((id) => toRead(id, minVersion, currentFloor(tenantId, id)));
    const outcomes = await this.#ask(options, (scope, call) => cached.readMany(scope, reads, call));
    return outcomes.map((outcome, i) => ({ id: lowerIds[i] as string, ...outcome }));
  }

  peek(id: string, options?: Pick<UserReadOptions, 'view'>): User | undefined {
    const { cached } = this.#layers;
    const scope = toScope(this.#defaultScope, options?.view);
    const user = (cached.peek(scope, id) ?? cached.peek(scope, toUserId(id, 'id')))?.user;
    return user !== undefined && isRecent(user, id) ? user : undefined;
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

  async prefetch(ids: readonly string[], options?: UserReadOptions): Promise<void> {
    await this.lookupMany(ids, options);
  }

  describe(id: string): UserDescription {
    const { cached, breaker } = this.#layers;
    const { tenantId } = toScope(this.#defaultScope, undefined);
    const lowerId = toUserId(id, 'id');
    return { tenantId, id: lowerId, ...cached.describe(tenantId, lowerId), breaker: breaker.state };
  }

  invalidate(id: string): void {
    this.#layers.cached.invalidate(toScope(this.#defaultScope, undefined).tenantId, toUserId(id, 'id'));
  }

  async #getAll(ids: readonly string[], options: UserReadOptions | undefined): Promise<User[]> {
    const lookups = await this.lookupMany(ids, options);
    const tenantId = toScope(this.#defaultScope, options?.view).tenantId;
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
    const { clock, isClosed, settings } = this.#layers;
    if (isClosed()) throw new UserClientClosedError();
    const scope = toScope(this.#defaultScope, options.view);
    const call = toCall(options, { timeoutMs: settings.timeoutMs, nowMs: clock() });
    if (call.signal?.aborted) throw new UserReadCanceledError(call.signal.reason);
    const answers = await ask(scope, call);
    if (isClosed()) throw new UserClientClosedError();
    const nowMs = clock();
    return answers.map((answer) => toOutcome(answer, nowMs));
  }
}

/** Whether a user will do for whoever has seen what the current context has. A survivor has versions of its own. */
function isRecent(user: User, id: string): boolean {
  return !hasSeenVersions() || user.id !== id || user.version >= currentFloor(user.tenantId, id);
}

function toRead(id: string, minVersion: bigint, floor: bigint): UserRead {
  return floor > minVersion ? { id, minVersion: floor, isHearsay: true } : { id, minVersion };
}
