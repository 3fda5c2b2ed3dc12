import type { User } from '@rollcall/contract/user';
import { attachUsers, type UserColumn, type WithUsers } from './attach.ts';
import type { UserDescription } from './cache/describe-user.ts';
import type { CachedUserReader } from './cache/with-cache.ts';
import { detachString } from './model/compact-user.ts';
import type { ClientCounters } from './model/counters.ts';
import { UserClientClosedError, UserReadCanceledError } from './model/errors.ts';
import type { KeyLookup, UserKey, UserLookup } from './model/user-lookup.ts';
import type { ReadCall, UserAnswer, UserRead, UserScope } from './model/user-reader.ts';
import {
  toCall,
  toMinVersion,
  toReadOptions,
  toScope,
  type UserReadOptions,
} from './options/call-options.ts';
import type { UserClientSettings } from './options/check-options.ts';
import { checkList, toTenantId, toUserId, toUserIds } from './options/ids.ts';
import { type ResolveContext, resolveUsers, toUserKey } from './resolve-users.ts';
import { rereadNewer } from './seen-versions/reread-newer.ts';
import { hasSeenVersions, minSeenVersion } from './seen-versions/version-context.ts';
import type { TenantUserClient } from './tenant-user-client.ts';
import { toFreshLookup, toLookup, toOutcome, toUsers } from './to-lookup.ts';

/** The layers that the clients of all tenants share. */
interface UserClientLayers extends ResolveContext {
  settings: UserClientSettings;
  counters: ClientCounters;
  isClosed(): boolean;
}

/** Checks arguments, asks the layers, and turns their answers into outcomes. */
export class TenantUsers implements TenantUserClient {
  readonly tenantId: string | undefined;
  readonly #layers: UserClientLayers;
  readonly #cached: CachedUserReader;
  readonly #defaultScope: UserScope | undefined;

  constructor(layers: UserClientLayers, tenantId: string | undefined) {
    this.#layers = layers;
    this.#cached = layers.cached;
    this.tenantId = tenantId === undefined ? undefined : detachString(toTenantId(tenantId));
    this.#defaultScope =
      this.tenantId === undefined ? undefined : { tenantId: this.tenantId, view: layers.settings.view };
  }

  async getUser(id: string, options?: UserReadOptions): Promise<User> {
    // Entries are stored under the lower-case id, so a hit needs no check of the id.
    if (options === undefined && this.#defaultScope !== undefined) {
      const user = this.#cached.getNow(this.#defaultScope, id);
      if (user !== undefined) return user;
    }
    return (await this.#getAll([toUserId(id, 'id')], options))[0] as User;
  }

  async getUsers(ids: readonly string[], options?: UserReadOptions): Promise<User[]> {
    return await this.#getAll(toUserIds(ids, this.#layers.settings.maxIdsPerCall), options);
  }

  async lookup(id: string, options?: UserReadOptions): Promise<UserLookup> {
    const { clock, isClosed } = this.#layers;
    if (options === undefined && this.#defaultScope !== undefined && !isClosed()) {
      const lowerId = toUserId(id, 'id');
      const answer = this.#cached.answerNow(this.#defaultScope, lowerId);
      if (answer !== undefined) return toLookup(lowerId, answer, clock());
    }
    return (await this.#lookupAll([toUserId(id, 'id')], options))[0] as UserLookup;
  }

  async lookupMany(ids: readonly string[], options?: UserReadOptions): Promise<UserLookup[]> {
    return (
      (options === undefined ? this.#lookupNow(ids) : undefined) ?? (await this.#lookupAll(ids, options))
    );
  }

  peek(id: string, options?: Pick<UserReadOptions, 'view'>): User | undefined {
    const scope = toScope(this.#defaultScope, options?.view);
    const entry = this.#cached.peek(scope, id);
    if (entry !== undefined) return entry.user;
    const lowerId = toUserId(id, 'id');
    return lowerId === id ? undefined : this.#cached.peek(scope, lowerId)?.user;
  }

  attach<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
    rows: readonly Row[],
    columns: Columns,
    options?: UserReadOptions,
  ): Promise<WithUsers<Row, Columns>[]> {
    return attachUsers(rows, columns, {
      lookupNow: (ids) => (options === undefined ? this.#lookupNow(ids) : undefined),
      lookupMany: (ids, nameOf) => this.#lookupAll(ids, options, nameOf),
    });
  }

  async resolve(key: UserKey, options?: UserReadOptions): Promise<KeyLookup> {
    return (await this.resolveMany([toUserKey(key, 'key')], options))[0] as KeyLookup;
  }

  async resolveMany(keys: readonly UserKey[], options?: UserReadOptions): Promise<KeyLookup[]> {
    checkList(keys, 'keys', this.#layers.settings.maxIdsPerCall);
    // Unlike `keys.map`, it visits the holes of a sparse array.
    const checked = Array.from(keys, (key, i) => toUserKey(key, `keys[${i}]`));
    const { scope, call } = this.#begin(toReadOptions(options));
    const answers = await resolveUsers(this.#layers, scope, { keys: checked, call });
    const nowMs = this.#end();
    return answers.map((answer, i) => ({ key: checked[i] as UserKey, ...toOutcome(answer, nowMs) }));
  }

  async prefetch(ids: readonly string[], options?: UserReadOptions): Promise<void> {
    await this.lookupMany(ids, options);
  }

  describe(id: string): UserDescription {
    const { tenantId } = toScope(this.#defaultScope, undefined);
    const lowerId = toUserId(id, 'id');
    return {
      tenantId,
      id: lowerId,
      ...this.#cached.describe(tenantId, lowerId),
      breaker: this.#layers.breaker.state,
    };
  }

  invalidate(id: string): void {
    this.#cached.invalidate(toScope(this.#defaultScope, undefined).tenantId, toUserId(id, 'id'));
  }

  /** The lookups where all are fresh, without check or promise: entries are stored under lower-case ids. */
  #lookupNow(ids: readonly string[]): UserLookup[] | undefined {
    const { settings, clock, isClosed } = this.#layers;
    if (this.#defaultScope === undefined || isClosed()) return undefined;
    if (!Array.isArray(ids) || ids.length > settings.maxIdsPerCall) return undefined;
    const entries = this.#cached.manyNow(this.#defaultScope, ids);
    if (entries === undefined) return undefined;
    const nowMs = clock();
    return entries.map((entry, i) => toFreshLookup(ids[i] as string, entry, nowMs));
  }

  /** Throws synchronously where an argument is invalid: its callers are async. */
  #lookupAll(
    ids: readonly string[],
    options?: UserReadOptions,
    nameOf?: (place: number) => string,
  ): Promise<UserLookup[]> {
    const lowerIds = toUserIds(ids, this.#layers.settings.maxIdsPerCall, nameOf);
    return this.#readAll(lowerIds, options).then((answers) => {
      const nowMs = this.#end();
      return answers.map((answer, i) => toLookup(lowerIds[i] as string, answer, nowMs));
    });
  }

  #getAll(lowerIds: readonly string[], options: UserReadOptions | undefined): Promise<User[]> {
    return this.#readAll(lowerIds, options).then((answers) => {
      if (this.#layers.isClosed()) throw new UserClientClosedError();
      return toUsers(toScope(this.#defaultScope, undefined).tenantId, lowerIds, answers);
    });
  }

  #readAll(lowerIds: readonly string[], given: UserReadOptions | undefined): Promise<readonly UserAnswer[]> {
    const options = toReadOptions(given);
    const minVersion = toMinVersion(options.minVersion);
    const { scope, call } = this.#begin(options);
    const reads: UserRead[] = [];
    for (const id of lowerIds) {
      const floor = minSeenVersion(scope.tenantId, id);
      reads.push({ id, minVersion: floor > minVersion ? floor : minVersion });
    }
    const answers = this.#cached.readMany(scope, reads, call);
    if (!hasSeenVersions()) return answers;
    return answers.then((each) => rereadNewer(each, this.#cached, { scope, reads, call }));
  }

  #begin(options: UserReadOptions): { scope: UserScope; call: ReadCall } {
    const { clock, isClosed, settings } = this.#layers;
    if (isClosed()) throw new UserClientClosedError();
    const scope = toScope(this.#defaultScope, options.view);
    const call = toCall(options, { timeoutMs: settings.timeoutMs, nowMs: clock() });
    if (call.signal?.aborted) throw new UserReadCanceledError(call.signal.reason);
    return { scope, call };
  }

  /** The time at which answers are given. */
  #end(): number {
    if (this.#layers.isClosed()) throw new UserClientClosedError();
    return this.#layers.clock();
  }
}
