import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { TouchedViewsSchema, type User, UserSchema, UserView } from '@rollcall/contract/user';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCounters } from '../model/counters.ts';
import type { UserAnswer, UserReader, UserScope } from '../model/user-reader.ts';
import { RANDOM_SEED } from '../random-seed.test-support.ts';
import { UserCache } from '../store/user-cache.ts';
import { withCache } from './with-cache.ts';

// Mostly one id of one tenant, so that its events come together.
const IDS = ['a', 'a', 'a', 'b', 'c'];
const TENANTS = ['acme', 'acme', 'acme', 'other'];
const VIEWS = [UserView.REFERENCE, UserView.FULL];

/**
 * The fields that a write changes: of both views, of the larger one, ratings, statistics of the larger one,
 * or of neither.
 */
type Touch = 'name' | 'address' | 'ratings' | 'figures' | 'nothing';

const who = { tenantId: fc.constantFrom(...TENANTS), id: fc.constantFrom(...IDS) };
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), view: fc.constantFrom(...VIEWS), ...who }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      touches: fc.constantFrom<Touch>('name', 'address', 'ratings', 'figures', 'figures', 'nothing'),
      // Versions that are not announced are the gaps. Versions announced without views come from an older
      // service.
      announced: fc.constantFrom('not' as const, 'bare' as const, 'views' as const, 'views' as const),
      ...who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('claim' as const, 'invalidate' as const, 'invalidate' as const, 'lose' as const),
      ...who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('outage' as const, 'lag' as const, 'live' as const),
    }),
  },
);

/** A version of a user, and the write that made it. */
interface Version {
  readonly user: User;
  readonly touches: Touch;
}

function nextVersion(before: Version | undefined, tenantId: string, id: string, touches: Touch): Version {
  const version = (before?.user.version ?? 0n) + 1n;
  const [updateTime, etag] = [timestampFromMs(Number(version)), `v${version}`];
  const fields = {
    name: { displayName: `name ${version}` },
    address: { email: `address ${version}` },
    ratings: { totalReviews: Number(version) },
    figures: { averageRating: Number(version) },
    nothing: {},
  };
  const common = { id, tenantId, version, updateTime, etag, ...fields[touches] };
  return {
    user: Object.assign(create(UserSchema), before?.user, common),
    touches: before === undefined ? 'name' : touches,
  };
}

function touchedViews({ user: { updateTime, etag }, touches }: Version) {
  const views = touches === 'name' ? VIEWS : touches === 'address' ? [UserView.FULL] : [];
  const figureViews = touches === 'ratings' ? VIEWS : touches === 'figures' ? [UserView.FULL] : [];
  return create(TouchedViewsSchema, { views, figureViews, etag, ...(updateTime && { updateTime }) });
}

function inView(user: User, view: UserView): User {
  return view === UserView.FULL ? user : create(UserSchema, { ...user, email: '', averageRating: 0 });
}

/** A service that answers late, may be down, and may answer from a replica that is one version behind. */
function setUp() {
  const state = {
    nowMs: 1_000,
    isAway: false,
    isBehind: false,
    liveSinceMs: undefined as number | undefined,
  };
  const versions = new Map<string, Version[]>();
  const service: UserReader = {
    async readMany({ tenantId, view }, reads) {
      const readAtMs = state.nowMs;
      const answers = reads.map(({ id, knownVersion }): UserAnswer => {
        const all = versions.get(`${tenantId}/${id}`) ?? [];
        const user = all.at(state.isBehind && all.length > 1 ? -2 : -1)?.user;
        if (user === undefined) return { outcome: 'missing', readAtMs, source: 'service' };
        if (user.version === knownVersion) return { outcome: 'unchanged', version: user.version, readAtMs };
        return { outcome: 'found', user: inView(user, view), readAtMs, source: 'service' };
      });
      const failure = state.isAway ? new ConnectError('away', Code.Unavailable) : undefined;
      for (let i = 0; i < 5; i++) await undefined;
      if (failure !== undefined) throw failure;
      return answers;
    },
  };
  const counters = createCounters();
  const cache = new UserCache({ maxEntries: 2, maxBytes: 1e6, maxMissingEntries: 2, maxSeenVersions: 100 });
  const reader = withCache(service, cache, {
    options: {
      ttlMs: 50,
      liveTtlMs: 500,
      missingTtlMs: 20,
      liveMissingTtlMs: 100,
      maxStaleMs: 1_000,
      refreshAheadRatio: 0.5,
      degrade: 'snapshot',
      timeoutMs: 1_000,
    },
    clock: () => state.nowMs,
    counters,
    feed: { liveSinceMs: () => state.liveSinceMs },
  });
  return { state, versions, reader, counters };
}

/** Counts of all runs, which show that every part of the rule was tested. */
const done = { raised: 0, due: 0 };
/** The least count. With two entries in memory, few are due for long. */
const LEAST_DONE = { raised: 500, due: 20 };

// 2,500 runs of 20 to 80 steps are more than 100,000 steps.
it('A4: serves no user older than seen in its view, none of another tenant, and always one answer per read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const { state, versions, reader, counters } = setUp();
      const seen = new Map<string, bigint>();
      const reads: Promise<void>[] = [];
      const see = (key: string, version: bigint) => {
        if (version > (seen.get(key) ?? 0n)) seen.set(key, version);
      };
      async function read(scope: UserScope, id: string): Promise<void> {
        const key = `${scope.tenantId}/${id}`;
        const least = seen.get(key) ?? 0n;
        const call = { deadlineAtMs: state.nowMs + 600_000 };
        const [answer] = await reader.readMany(scope, [{ id, minVersion: 0n }], call);
        expect(answer).toBeDefined();
        if (answer?.outcome !== 'found') return;
        expect(answer.user.tenantId).toBe(scope.tenantId);
        const all = versions.get(key) ?? [];
        const { version } = answer.user;
        // A raised user equals the service's answer.
        const { user: written } = all[Number(version) - 1] as Version;
        expect({ ...answer.user }).toEqual({ ...inView(written, scope.view) });
        // It may be older than seen by ratings or statistics only, and then from the first such change on.
        const behind = all.slice(Number(version), Math.max(Number(version), Number(least)));
        const shown = behind.map(({ touches }) => effectIn(scope.view, touches));
        expect(shown).not.toContain('content');
        expect(shown[0] ?? 'figures').toBe('figures');
        if (shown.length > 0) done.due += 1;
        see(key, version);
      }
      for (const action of steps) {
        if (action.do === 'wait') state.nowMs += action.ms;
        else if (action.do === 'outage') state.isAway = !state.isAway;
        else if (action.do === 'lag') state.isBehind = !state.isBehind;
        else if (action.do === 'live')
          state.liveSinceMs = state.liveSinceMs === undefined ? state.nowMs : undefined;
        else if (action.do === 'settle') await Promise.all(reads.splice(0));
        else if ('id' in action) {
          const { tenantId, id } = action;
          const key = `${tenantId}/${id}`;
          const all = versions.get(key) ?? [];
          if (action.do === 'read') reads.push(read({ tenantId, view: action.view }, id));
          else if (action.do === 'invalidate') reader.invalidate(tenantId, id);
          else if (action.do === 'lose') reader.onGap([tenantId]);
          else if (action.do === 'write')
            versions.set(key, [...all, nextVersion(all.at(-1), tenantId, id, action.touches)]);
          const announced = versions.get(key)?.at(-1);
          if (announced && ((action.do === 'write' && action.announced !== 'not') || action.do === 'claim')) {
            const { version } = announced.user;
            const isFull = action.do === 'write' && action.announced === 'views';
            reader.onChanges([
              { tenantId, id, version, ...(isFull && { touchedViews: touchedViews(announced) }) },
            ]);
            see(key, version);
          }
        }
      }
      await Promise.all(reads);
      done.raised += counters.raised;
    }),
    { numRuns: 2_500, seed: RANDOM_SEED },
  );
  expect(done.raised).toBeGreaterThan(LEAST_DONE.raised);
  expect(done.due).toBeGreaterThan(LEAST_DONE.due);
}, 60_000);

function effectIn(view: UserView, touches: Touch): 'none' | 'figures' | 'content' {
  if (touches === 'name') return 'content';
  if (touches === 'ratings') return 'figures';
  if (view === UserView.REFERENCE || touches === 'nothing') return 'none';
  return touches === 'figures' ? 'figures' : 'content';
}
