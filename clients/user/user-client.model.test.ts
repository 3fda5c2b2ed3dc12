import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import {
  type BatchGetUsersRequest,
  type User,
  UserService,
  UserState,
  UserView,
} from '@rollcall/contract/user';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  createUserClient,
  type KnownUser,
  type TenantUserClient,
  type UserClient,
  type UserLookup,
  UserNotFoundError,
  UserUnavailableError,
} from './index.ts';
import type { SeenVersion } from './model/change-sink.ts';
import { RANDOM_SEED } from './random-seed.test-support.ts';
import { withSeenVersions } from './seen-versions/version-context.ts';
import type { UserFields } from './testing/fake-user-service.ts';
import { MapUserService } from './testing/map-user-service.ts';

// The client with all its layers against a service in memory, under random reads, writes, deletes, merges,
// outages, slow and lost answers, invalidations and the passing of time. The model is the state of the
// service, and the users that this client has shown.

const TENANTS = ['acme', 'bolt'] as const;
// Both tenants have users with equal ids, so that an answer that crosses over is noticed.
const IDS = Array.from({ length: 6 }, (_, i) => `019c0000-0000-7000-8000-00000000000${i}`);
const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

type Tenant = (typeof TENANTS)[number];

/**
 * One step. A read may name a `minVersion` for the first id: the version of the service, or one that was
 * never written. Its context may have seen such versions of the users that answer for its ids. Reads start in
 * one step and are awaited in a later one, so that everything happens during them.
 */
type Step =
  | { kind: 'read'; tenant: Tenant; ids: number[]; view: number; floor: Floor; seen: Floor[] }
  | { kind: 'get'; tenant: Tenant; id: number; seen: Floor }
  | { kind: 'peek'; tenant: Tenant; id: number; seen: Floor }
  | { kind: 'resolve'; tenant: Tenant; id: number }
  | { kind: 'write'; tenant: Tenant; id: number; isDelete: boolean }
  | { kind: 'merge'; tenant: Tenant; loser: number; survivor: number }
  | { kind: 'invalidate'; tenant: Tenant; id: number }
  | { kind: 'time'; ms: number }
  | { kind: 'service'; state: ServiceState }
  | { kind: 'wait' };

type Floor = 'none' | 'held' | 'ahead';

/**
 * `lost`: the service takes the call, and the answer never arrives. `held`: answers wait until it is well
 * again.
 */
type ServiceState = 'well' | 'away' | 'held' | 'lost' | 'failing';

const tenant = fc.constantFrom(...TENANTS);
const id = fc.nat({ max: IDS.length - 1 });
const floor = fc.constantFrom<Floor>('none', 'none', 'held', 'ahead');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      tenant,
      ids: fc.array(id, { minLength: 1, maxLength: 4 }),
      view: fc.nat({ max: 2 }),
      floor,
      // Most reads are outside a context, or in one without versions of their ids.
      seen: fc.oneof(fc.constant<Floor[]>([]), fc.array(floor, { maxLength: 4 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), tenant, id, seen: floor }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('peek' as const), tenant, id, seen: floor }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resolve' as const), tenant, id }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), tenant, id, isDelete: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('invalidate' as const), tenant, id }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('merge' as const), tenant, loser: id, survivor: id }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat({ max: 3_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      state: fc.constantFrom<ServiceState>('well', 'well', 'well', 'well', 'away', 'held', 'lost', 'failing'),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

const TTL_MS = 1_000;
const MISSING_TTL_MS = 500;
const MAX_STALE_MS = 20_000;

const RUNS = 640;
const MAX_STEPS = 400;

/** Steps that once broke a promise. */
const FOUND_ONCE: [Step[]][] = [
  [
    [
      { kind: 'read', tenant: 'bolt', ids: [5], view: 1, floor: 'none', seen: [] },
      { kind: 'service', state: 'held' },
      { kind: 'resolve', tenant: 'bolt', id: 5 },
      { kind: 'time', ms: 1 },
      { kind: 'wait' },
      { kind: 'write', tenant: 'bolt', id: 5, isDelete: false },
      { kind: 'service', state: 'well' },
      { kind: 'wait' },
      { kind: 'read', tenant: 'bolt', ids: [5, 0], view: 1, floor: 'none', seen: [] },
    ],
  ],
];

/** Counts of all runs, which also show that every part of the client was tested. */
const done = {
  steps: 0,
  merges: 0,
  service: 0,
  cache: 0,
  stale: 0,
  missing: 0,
  unavailable: 0,
  refused: 0,
  trips: 0,
};

function ensure(isTrue: boolean, otherwise: () => string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise());
}

function emailOf(tenantId: string, id: string): string {
  return `${id}@${tenantId}.example.com`;
}

/** A service whose answers can be late, lost, or not made, and which remembers them. */
class ModelService extends MapUserService {
  state: ServiceState = 'well';
  nowMs = 0;
  readonly #held = new Map<string, User>();
  readonly #survivors = new Map<string, string>();
  /** When it last answered that an id is missing. */
  readonly #saidMissing = new Map<string, number>();
  #waiting: (() => void)[] = [];

  constructor() {
    super();
    this.pause = () => this.#pause();
    const answer = this.batchGetUsers;
    this.batchGetUsers = async (request: BatchGetUsersRequest) => {
      const { tenantId, ids } = request;
      for (const id of ids)
        if (this.held(tenantId, id) === undefined) this.#saidMissing.set(`${tenantId}/${id}`, this.nowMs);
      this.batches.length = 0;
      return answer(request);
    };
  }

  /** The user that answers for an id: itself, or the last one that it was merged into. */
  held(tenantId: string, id: string): User | undefined {
    return this.#held.get(`${tenantId}/${this.line(id, tenantId).at(-1)}`);
  }

  /** The users that have answered for an id, itself first. */
  line(id: string, tenantId: string): string[] {
    const survivor = this.#survivors.get(`${tenantId}/${id}`);
    return survivor === undefined ? [id] : [id, ...this.line(survivor, tenantId)];
  }

  override merge(tenantId: string, loserId: string, survivorId: string): void {
    super.merge(tenantId, loserId, survivorId);
    this.#survivors.set(`${tenantId}/${loserId}`, survivorId);
    const survivor = this.#held.get(`${tenantId}/${survivorId}`) as User;
    this.#held.set(`${tenantId}/${survivorId}`, { ...survivor, version: survivor.version + 1n });
  }

  saidMissingAtMs(tenantId: string, id: string): number | undefined {
    return this.#saidMissing.get(`${tenantId}/${id}`);
  }

  override put(tenantId: string, id: string, fields: UserFields = {}): User {
    const user = super.put(tenantId, id, fields);
    this.#held.set(`${tenantId}/${id}`, user);
    return user;
  }

  become(state: ServiceState): void {
    this.state = state;
    if (state !== 'held') for (const go of this.#waiting.splice(0)) go();
  }

  async #pause(): Promise<void> {
    if (this.state === 'held') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.state === 'away') throw new ConnectError('away', Code.Unavailable);
    if (this.state === 'failing') throw new ConnectError('failing', Code.Internal);
    // The error of a transport that ends a call in time, without the wait.
    if (this.state === 'lost') throw new ConnectError('lost', Code.DeadlineExceeded);
  }
}

/** The promises that hold for a read, from the time it began. */
interface Begun {
  readonly tenantId: Tenant;
  readonly id: string;
  readonly view: UserView;
  readonly atMs: number;
  /** The highest version of each user that was shown before. */
  readonly floors: ReadonlyMap<string, bigint>;
  /** The version of each user that the context of the read had seen. */
  readonly seen: ReadonlyMap<string, bigint>;
  /** The place, in the line of the id, of the user that was shown before. Undefined: none was shown. */
  readonly place: number | undefined;
}

function inContext(begun: Begun, seen: readonly SeenVersion[]): Begun {
  const versions = new Map<string, bigint>();
  for (const { id, version } of seen) if (version > (versions.get(id) ?? 0n)) versions.set(id, version);
  return { ...begun, seen: versions };
}

/** One client, one service, and the users that the client showed. */
class World {
  readonly service = new ModelService();
  readonly users: UserClient;
  /** By tenant and user. */
  readonly #shown = new Map<string, bigint>();
  /** By tenant and requested id. */
  readonly #places = new Map<string, number>();
  readonly #reads: Promise<void>[] = [];

  constructor() {
    this.users = createUserClient({
      transport: createRouterTransport((router) => {
        const { batchGetUsers, resolveUsers } = this.service;
        router.service(UserService, { batchGetUsers, resolveUsers });
      }),
      clock: () => this.service.nowMs,
      ttlMs: TTL_MS,
      missingTtlMs: MISSING_TTL_MS,
      maxStaleMs: MAX_STALE_MS,
      // The clock stands still, so only the service ends a call.
      timeoutMs: 60_000,
      breaker: { volumeThreshold: 4, resetTimeoutMs: 1, probes: 2 },
    });
  }

  async take(step: Step): Promise<void> {
    done.steps += 1;
    if (step.kind === 'read') this.#begin(this.#lookupMany(step));
    else if (step.kind === 'get') this.#begin(this.#getUser(step));
    else if (step.kind === 'resolve') this.#begin(this.#resolve(this.#now(step)));
    else if (step.kind === 'peek') this.#peek(step);
    else if (step.kind === 'write') this.#write(this.#now(step), step.isDelete);
    else if (step.kind === 'merge') this.#merge(step);
    else if (step.kind === 'invalidate') this.#of(step.tenant).invalidate(IDS[step.id] as string);
    else if (step.kind === 'time') this.service.nowMs += step.ms;
    else if (step.kind === 'service') this.service.become(step.state);
    else await this.#wait();
  }

  /**
   * The service comes back: every read ends, the breaker closes, and answers show the state of the service.
   */
  async end(): Promise<void> {
    this.service.become('well');
    await Promise.all(this.#reads.splice(0));
    for (let tries = 0; tries < 2_000; tries++) {
      this.service.nowMs += 1_000_000;
      const lookups = (await Promise.all(TENANTS.map((each) => this.#of(each).lookupMany(IDS)))).flat();
      if (lookups.every((lookup) => lookup.outcome !== 'unavailable' && lookup.source === 'service')) break;
      await sleep(1);
    }
    for (const tenant of TENANTS) {
      for (const lookup of await this.#of(tenant).lookupMany(IDS)) {
        const version = this.service.held(tenant, lookup.id)?.version;
        const shown = 'version' in lookup ? lookup.version : undefined;
        ensure(
          shown === version,
          () => `in the end ${lookup.outcome} ${shown}, and the service has ${version}`,
        );
      }
    }
    ensure(this.users.stats().breaker === 'closed', () => 'the breaker stays open');
    await this.users.close();
  }

  #of(tenant: Tenant): TenantUserClient {
    return this.users.forTenant(tenant);
  }

  #now({ tenant, id }: { tenant: Tenant; id: number }, view: UserView = UserView.REFERENCE): Begun {
    const key = IDS[id] as string;
    const place = this.#places.get(`${tenant}/${key}`);
    const floors = new Map(this.#shown);
    return { tenantId: tenant, id: key, view, atMs: this.service.nowMs, floors, seen: new Map(), place };
  }

  /** The versions of the user that answers for an id, which after a merge has another one. */
  #seenOf(tenant: Tenant, ids: readonly number[], floors: readonly Floor[]): SeenVersion[] {
    return ids.flatMap((id, i) => {
      const user = this.service.held(tenant, IDS[id] as string);
      const version = this.#toVersion(user, floors[i] ?? 'none');
      return user === undefined || version === 0n ? [] : { tenantId: tenant, id: user.id, version };
    });
  }

  #toVersion(user: User | undefined, floor: Floor): bigint {
    const held = user?.version ?? 0n;
    return floor === 'none' ? 0n : floor === 'held' ? held : held + 2n;
  }

  #begin(read: Promise<void>): void {
    // A failure is seen where the read is awaited. Until then it must be no unhandled rejection.
    read.catch(() => {});
    this.#reads.push(read);
  }

  async #wait(): Promise<void> {
    if (this.service.state !== 'held') await Promise.all(this.#reads.splice(0));
    // Real time, in which the breaker becomes half-open.
    if (this.users.stats().breaker === 'closed') return void (await nextTurn());
    done.trips += 1;
    await sleep(2);
  }

  async #lookupMany({ tenant, ids, view, floor, seen: floors }: Step & { kind: 'read' }): Promise<void> {
    const seen = this.#seenOf(tenant, ids, floors);
    const begun = ids.map((id) => inContext(this.#now({ tenant, id }, VIEWS[view]), seen));
    const [first] = begun;
    const minVersion = this.#toVersion(this.service.held(tenant, first?.id ?? ''), floor);
    const asked = begun.map(({ id }) => id);
    const options = { view: first?.view as UserView, minVersion };
    const lookups = await withSeenVersions(seen, () => this.#of(tenant).lookupMany(asked, options));
    ensure(lookups.length === asked.length, () => `${lookups.length} outcomes for ${asked.length} ids`);
    for (const [i, lookup] of lookups.entries()) this.#check(begun[i] as Begun, lookup, minVersion);
  }

  async #getUser(step: Step & { kind: 'get' }): Promise<void> {
    const seen = this.#seenOf(step.tenant, [step.id], [step.seen]);
    const begun = inContext(this.#now(step), seen);
    try {
      const user = await withSeenVersions(seen, () => this.#of(begun.tenantId).getUser(begun.id));
      this.#checkUser(begun, user);
    } catch (error) {
      if (error instanceof UserNotFoundError) this.#checkMissing(begun);
      else if (!(error instanceof UserUnavailableError)) throw error;
      done.refused += 1;
    }
  }

  #peek(step: Step & { kind: 'peek' }): void {
    const seen = this.#seenOf(step.tenant, [step.id], [step.seen]);
    const begun = inContext(this.#now(step), seen);
    const user = withSeenVersions(seen, () => this.#of(begun.tenantId).peek(begun.id));
    if (user !== undefined) this.#checkUser(begun, user);
  }

  async #resolve(begun: Begun): Promise<void> {
    const before = this.service.held(begun.tenantId, begun.id);
    const found = await this.#of(begun.tenantId).resolve({ email: emailOf(begun.tenantId, begun.id) });
    if ('user' in found) this.#checkUser(begun, found.user);
    // A deleted user is not found by e-mail, so one that was written meanwhile may be found or not. Nor is
    // one that was merged away: its address went with it.
    const isThere =
      before?.id === begun.id &&
      before.state === UserState.ACTIVE &&
      this.service.held(begun.tenantId, begun.id) === before;
    ensure(!(found.outcome === 'missing' && isThere), () => `${begun.id} is there and is not resolved`);
  }

  #merge({ tenant, loser, survivor }: Step & { kind: 'merge' }): void {
    const [from, into] = [IDS[loser], IDS[survivor]] as [string, string];
    const isOne = (id: string) => this.service.held(tenant, id)?.id === id;
    if (from === into || !isOne(from) || !isOne(into)) return;
    this.service.merge(tenant, from, into);
    done.merges += 1;
  }

  #write({ tenantId, id: asked }: Begun, isDelete: boolean): void {
    // A user that was merged away gets no more writes.
    const id = this.service.line(asked, tenantId).at(-1) as string;
    if (isDelete && this.service.held(tenantId, id) === undefined) return;
    const state = isDelete ? UserState.DELETED : UserState.ACTIVE;
    this.service.put(tenantId, id, { email: emailOf(tenantId, id), displayName: `${tenantId} ${id}`, state });
  }

  #check(begun: Begun, lookup: UserLookup, minVersion: bigint): void {
    ensure(lookup.id === begun.id, () => `${lookup.id} is answered where ${begun.id} was asked`);
    if (lookup.outcome === 'missing') {
      this.#checkMissing(begun, lookup.source);
      done.missing += 1;
    } else if (lookup.outcome === 'unavailable') {
      const { reason } = lookup.degraded;
      const isPlain = minVersion === 0n && begun.seen.size === 0;
      ensure(!isPlain || reason !== 'version_not_reached', () => `${reason} where no version was asked`);
      done.unavailable += 1;
    } else {
      this.#checkUser(begun, lookup.user);
      this.#checkAge(begun, lookup);
      const isSurvivor = lookup.user.id !== lookup.id;
      ensure(
        isSurvivor || lookup.version >= minVersion,
        () => `version ${lookup.version} where ${minVersion} was asked`,
      );
      const outcome = lookup.user.state === UserState.DELETED ? 'deleted' : 'found';
      ensure(lookup.outcome === outcome, () => `${lookup.outcome} where it is ${outcome}`);
      if (lookup.source in done) done[lookup.source as 'service' | 'cache' | 'stale'] += 1;
    }
  }

  #checkUser({ tenantId, id, view, floors, seen, place: placeBefore = 0 }: Begun, user: User): void {
    const held = this.service.held(tenantId, user.id);
    const place = this.service.line(id, tenantId).indexOf(user.id);
    ensure(
      user.tenantId === tenantId && place >= 0,
      () => `${user.tenantId} ${user.id} for ${tenantId} ${id}`,
    );
    ensure(place >= placeBefore, () => `${user.id} for ${id} after its survivor was shown`);
    ensure(user.displayName === `${tenantId} ${user.id}`, () => `${user.displayName} for ${tenantId} ${id}`);
    ensure((user.email === '') === (view === UserView.REFERENCE), () => `view ${view} with '${user.email}'`);
    const key = `${tenantId}/${user.id}`;
    const floor = floors.get(key) ?? 0n;
    ensure(
      user.version >= floor,
      () => `version ${user.version} of ${tenantId} ${user.id}, after ${floor} was shown`,
    );
    const seenVersion = seen.get(user.id) ?? 0n;
    ensure(
      user.version >= seenVersion,
      () => `version ${user.version} of ${tenantId} ${user.id} for ${id}, where ${seenVersion} was seen`,
    );
    // The versions of a user that was merged away are no longer known.
    ensure(
      held !== undefined && (held.id !== user.id || user.version <= held.version),
      () => `version ${user.version} was never there`,
    );
    if (user.version > (this.#shown.get(key) ?? 0n)) this.#shown.set(key, user.version);
    if (place > (this.#places.get(`${tenantId}/${id}`) ?? -1)) this.#places.set(`${tenantId}/${id}`, place);
  }

  /**
   * The age at the start of the read: others of the read may have been awaited. A read that joined another in
   * flight says `service`, and may be as old as that one.
   */
  #checkAge({ atMs }: Begun, { source, ageMs, degraded }: KnownUser): void {
    const ageAtBeginMs = ageMs - (this.service.nowMs - atMs);
    if (source === 'cache') ensure(ageAtBeginMs < TTL_MS, () => `from memory, ${ageAtBeginMs} ms old`);
    if (source === 'stale') ensure(ageAtBeginMs <= MAX_STALE_MS, () => `stale, ${ageAtBeginMs} ms old`);
    ensure((degraded !== undefined) === (source === 'stale'), () => `${source} with ${degraded?.reason}`);
  }

  /**
   * Users are never removed, so a user that was shown is never missing. Only the service says that one is
   * missing.
   */
  #checkMissing({ tenantId, id, atMs, place }: Begun, source = 'service'): void {
    ensure(place === undefined, () => `${tenantId} ${id} is missing after it was shown`);
    const saidAtMs = this.service.saidMissingAtMs(tenantId, id);
    ensure(saidAtMs !== undefined, () => `${tenantId} ${id} is missing, which the service never said`);
    if (source === 'cache')
      ensure(
        atMs - saidAtMs < MISSING_TTL_MS,
        () => `${tenantId} ${id} is missing, said ${atMs - saidAtMs} ms ago`,
      );
  }
}

it('keeps its promises in 100,000 random steps: see the checks of the model', {
  timeout: 300_000,
}, async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    // On failure, fast-check prints the steps, and the seed and path that repeat them as parameters of
    // `assert`.
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: MAX_STEPS, size: 'max' }), async (steps) => {
        const world = new World();
        try {
          for (const each of steps) await world.take(each);
          await world.end();
        } finally {
          world.service.become('well');
          await world.users.close();
        }
        ensure(unhandled.length === 0, () => `unhandled: ${unhandled}`);
      }),
      { numRuns: RUNS, examples: FOUND_ONCE, seed: RANDOM_SEED },
    );
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(done.steps).toBeGreaterThanOrEqual(100_000);
  for (const [what, times] of Object.entries(done)) expect(times, what).toBeGreaterThan(500);
});
