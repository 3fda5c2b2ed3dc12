import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { UserSchema, UserView } from '@rollcall/contract/user';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCounters } from './counters.ts';
import { RANDOM_SEED } from './random-seed.test-support.ts';
import { UserCache } from './user-cache.ts';
import type { UserAnswer, UserReader, UserScope } from './user-reader.ts';
import { withCache } from './with-cache.ts';

// One id of one tenant most of the time, so that what happens to it comes together.
const IDS = ['a', 'a', 'a', 'b', 'c'];
const TENANTS = ['acme', 'acme', 'acme', 'other'];
const VIEWS = [UserView.REFERENCE, UserView.BASIC];

const who = { tenantId: fc.constantFrom(...TENANTS), id: fc.constantFrom(...IDS) };
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), view: fc.constantFrom(...VIEWS), ...who }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), isTold: fc.boolean(), ...who }) },
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

/** A service that answers late, may be away, and may answer from a replica that is one version behind. */
function setUp() {
  const state = {
    nowMs: 1_000,
    isAway: false,
    isBehind: false,
    liveSinceMs: undefined as number | undefined,
  };
  const versions = new Map<string, bigint>();
  const service: UserReader = {
    async readMany({ tenantId }, reads) {
      const readAtMs = state.nowMs;
      const answers = reads.map(({ id, knownVersion }): UserAnswer => {
        const current = versions.get(`${tenantId}/${id}`) ?? 0n;
        const version = state.isBehind && current > 1n ? current - 1n : current;
        if (version === 0n) return { outcome: 'missing', readAtMs, source: 'service' };
        if (version === knownVersion) return { outcome: 'unchanged', version, readAtMs };
        const user = create(UserSchema, { id, tenantId, version });
        return { outcome: 'found', user, readAtMs, source: 'service' };
      });
      const failure = state.isAway ? new ConnectError('away', Code.Unavailable) : undefined;
      for (let i = 0; i < 5; i++) await undefined;
      if (failure !== undefined) throw failure;
      return answers;
    },
  };
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
    counters: createCounters(),
    feed: { liveSinceMs: () => state.liveSinceMs },
  });
  return { state, versions, reader };
}

// 2,500 runs of 20 to 80 steps are more than 100,000 of them.
it('shows nobody a version older than one that was seen, nor another tenant’s user, nor nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const { state, versions, reader } = setUp();
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
        expect(answer.user.version).toBeGreaterThanOrEqual(least);
        see(key, answer.user.version);
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
          const version = versions.get(key) ?? 0n;
          if (action.do === 'read') reads.push(read({ tenantId, view: action.view }, id));
          else if (action.do === 'invalidate') reader.invalidate(tenantId, id);
          else if (action.do === 'lose') reader.lost([tenantId]);
          else if (action.do === 'write') versions.set(key, version + 1n);
          if ((action.do === 'write' && action.isTold) || (action.do === 'claim' && version > 0n)) {
            const told = versions.get(key) as bigint;
            reader.changed([{ tenantId, id, version: told }]);
            see(key, told);
          }
        }
      }
      await Promise.all(reads);
    }),
    { numRuns: 2_500, seed: RANDOM_SEED },
  );
}, 60_000);
