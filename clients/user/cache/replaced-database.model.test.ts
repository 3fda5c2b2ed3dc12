import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { TouchedViewsSchema, type User, UserSchema, UserView } from '@rollcall/contract/user';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCounters } from '../model/counters.ts';
import type { UserAnswer, UserReader } from '../model/user-reader.ts';
import { RANDOM_SEED } from '../random-seed.test-support.ts';
import { UserCache } from '../store/user-cache.ts';
import { OPTIONS } from './with-cache.test-support.ts';
import { withCache } from './with-cache.ts';

const [tenantId, id] = ['acme', 'a'];
const VIEWS = [UserView.REFERENCE, UserView.FULL];
/** How long a process of the service may answer from the earlier database. */
const LAG_MS = 500;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), view: fc.constantFrom(...VIEWS) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      touches: fc.constantFrom('name', 'figures', 'nothing'),
      isTold: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replace' as const), lost: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outage' as const) }) },
);

/** All versions of the user in one database. The index is the version minus one. */
type Line = readonly User[];

function nextVersion(line: Line, lineNumber: number, touches: string): User {
  const version = BigInt(line.length + 1);
  const what = `${version} of ${lineNumber}`;
  const changed =
    touches === 'name'
      ? { displayName: what }
      : touches === 'figures'
        ? { totalReviews: lineNumber * 100 + Number(version) }
        : {};
  const common = {
    tenantId,
    id,
    version,
    etag: `v${version}`,
    updateTime: timestampFromMs(lineNumber * 1e6 + Number(version)),
  };
  return Object.assign(create(UserSchema), line.at(-1), common, changed);
}

function inView(user: User, view: UserView): User {
  return view === UserView.FULL ? user : create(UserSchema, { ...user, totalReviews: 0 });
}

/** A service some of whose processes answer from the earlier database for a while. */
function setUp() {
  const state = { nowMs: 1_000, replacedAtMs: Number.NEGATIVE_INFINITY, isAway: false, reads: 0 };
  const lines: Line[] = [[nextVersion([], 0, 'name')]];
  const service: UserReader = {
    async readMany({ view }, reads) {
      const readAtMs = state.nowMs;
      state.reads += 1;
      const mayLag = readAtMs < state.replacedAtMs + LAG_MS && state.reads % 2 === 0;
      const line = (mayLag ? lines.at(-2) : lines.at(-1)) as Line;
      const user = line.at(-1) as User;
      const failure = state.isAway ? new ConnectError('away', Code.Unavailable) : undefined;
      for (let i = 0; i < 5; i++) await undefined;
      if (failure !== undefined) throw failure;
      return reads.map(({ minVersion, knownVersion }): UserAnswer => {
        if (user.version < minVersion)
          return { outcome: 'failed', error: new ConnectError('behind', Code.Unavailable) };
        if (user.version === knownVersion) return { outcome: 'unchanged', version: user.version, readAtMs };
        return { outcome: 'found', user: inView(user, view), readAtMs, source: 'service' };
      });
    },
  };
  const cache = new UserCache({ maxEntries: 2, maxBytes: 1e6, maxMissingEntries: 2, maxSeenVersions: 100 });
  const options = { ...OPTIONS, ttlMs: 10_000, liveTtlMs: 10_000, refreshAheadRatio: 0.5 };
  const counters = createCounters();
  const reader = withCache(service, cache, { options, clock: () => state.nowMs, counters });
  return { state, lines, reader, counters };
}

const done = { raised: 0, ofNew: 0 };

it('A2: never mixes users of two databases, and serves the earlier one only for half a second or in an outage', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const { state, lines, reader, counters } = setUp();
      const reads: Promise<void>[] = [];
      async function read(view: UserView): Promise<void> {
        const isCertain = state.nowMs >= state.replacedAtMs + LAG_MS;
        const begunIn = lines.length;
        const call = { deadlineAtMs: state.nowMs + 600_000 };
        const [answer] = await reader.readMany({ tenantId, view }, [{ id, minVersion: 0n }], call);
        if (answer?.outcome !== 'found') return;
        const at = Number(answer.user.version) - 1;
        const shown = lines.map((line) => line[at] && JSON.stringify(plain(inView(line[at], view))));
        expect(shown).toContain(JSON.stringify(plain(answer.user)));
        const isFallback = answer.source === 'stale' || answer.source === 'snapshot';
        if (!isCertain || isFallback || begunIn !== lines.length) return;
        expect(shown.at(-1)).toBe(JSON.stringify(plain(answer.user)));
        if (lines.length > 1) done.ofNew += 1;
      }
      for (const action of steps) {
        const line = lines.at(-1) as Line;
        if (action.do === 'wait') state.nowMs += action.ms;
        else if (action.do === 'outage') state.isAway = !state.isAway;
        else if (action.do === 'settle') await Promise.all(reads.splice(0));
        else if (action.do === 'read') reads.push(read(action.view));
        else if (action.do === 'replace') {
          lines.push(line.slice(0, Math.max(1, line.length - action.lost)));
          state.replacedAtMs = state.nowMs;
          reader.onReplaced();
        } else {
          const user = nextVersion(line, lines.length, action.touches);
          lines[lines.length - 1] = [...line, user];
          const views = action.touches === 'name' ? VIEWS : [];
          const figureViews = action.touches === 'figures' ? [UserView.FULL] : [];
          const { version, etag, updateTime } = user;
          const touchedViews = create(TouchedViewsSchema, {
            views,
            figureViews,
            etag,
            ...(updateTime && { updateTime }),
          });
          if (action.isTold) reader.onChanges([{ tenantId, id, version, touchedViews }]);
        }
      }
      await Promise.all(reads);
      done.raised += counters.raised;
    }),
    { numRuns: 1_000, seed: RANDOM_SEED },
  );
  expect(done.raised).toBeGreaterThan(100);
  expect(done.ofNew).toBeGreaterThan(100);
}, 60_000);

/** The fields of a user, for comparison. */
function plain({ version, displayName, totalReviews, etag, updateTime }: User) {
  return {
    version: String(version),
    displayName,
    totalReviews,
    etag,
    at: String(updateTime?.seconds),
    nanos: updateTime?.nanos,
  };
}
