import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import pg from 'pg';
import type { BenchCase, CaseResult } from '../../harness/bench-case.ts';
import { quantile, toSpread } from '../../harness/stats.ts';
import type { World } from '../../world/world.ts';
import { InvalidationWatch } from './invalidation-watch.ts';
import { fill, openClient, TIMEOUT_MS } from './open-client.ts';

const CLIENTS = 50;
const UPDATES_PER_SECOND = 500;
const SECONDS_PER_ROUND = 2;
const UPDATES = UPDATES_PER_SECOND * SECONDS_PER_ROUND;
const MOST_ROUNDS = 5;
/** When the client itself declares its change feed lost. Milliseconds. */
const BOUND_MS = 2_000;

/** How long a client still shows the old version of a changed user. */
export const invalidation: BenchCase = {
  name: 'invalidation',
  doc: `commit of a change until it is gone from ${CLIENTS} clients, ${UPDATES_PER_SECOND} updates/s, 99th percentile`,
  async run({ world, rounds }) {
    const roundsHere = Math.min(rounds, MOST_ROUNDS);
    const ids = await world.users(UPDATES * (roundsHere + 1));
    await world.names(ids.length);
    await using stack = new AsyncDisposableStack();
    const clients: UserClient[] = [];
    for (let i = 0; i < CLIENTS; i++) clients.push(stack.use(await openClient(world)));
    // One after another: all at once would overload the service.
    for (const client of clients) await fill(client, ids);

    const byRound: number[][] = [];
    for (let round = 0; round <= roundsHere; round++) {
      byRound.push(await playRound(world, clients, ids.slice(round * UPDATES, (round + 1) * UPDATES)));
    }
    // The first round opens connections and compiles.
    return summarize(byRound.slice(1));
  },
};

function summarize(byRound: readonly (readonly number[])[]): CaseResult {
  const all = byRound.flat();
  const late = all.filter((ms) => ms > BOUND_MS).length;
  const of = (share: number) => quantile(all, share).toFixed(1);
  return {
    value: toSpread(byRound.map((delays) => quantile(delays, 0.99))),
    unit: 'ms (p99)',
    target: { of: 'value', bound: 'at most', figure: 50, alsoHolds: late === 0 },
    notes: [
      `all rounds: p50 ${of(0.5)} ms, p99 ${of(0.99)} ms, max ${of(1)} ms; ${late} of ${all.length} later than ${BOUND_MS} ms`,
    ],
  };
}

/**
 * Changes each user once at the fixed rate. Returns how long each client showed the old version, in
 * milliseconds.
 */
async function playRound(world: World, clients: readonly UserClient[], ids: readonly string[]) {
  using admin = createUserAdminClient({
    address: (await world.auth()).address,
    defaultTimeoutMs: TIMEOUT_MS,
  });
  using watch = new InvalidationWatch(clients, ids);
  const start = performance.now();
  const updates = ids.map(async (id, i) => {
    await sleep(Math.max(0, start + (1000 * i) / UPDATES_PER_SECOND - performance.now()));
    watch.expect(id);
    const user = { id, displayName: `Renamed ${i}` };
    await admin.updateUser({ tenantId: world.tenantId, user, updateMask: { paths: ['display_name'] } });
  });
  await Promise.all(updates);
  const goneAtMs = await watch.end(2 * BOUND_MS);
  const committedAtMs = await readCommitTimes(world, ids);
  return goneAtMs.map(({ id, atMs }) => atMs - (committedAtMs.get(id) as number));
}

/** Reads from Postgres when the last change of each user was committed, in milliseconds since 1970. */
async function readCommitTimes(world: World, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const client = new pg.Client({ connectionString: (await world.postgres()).databaseUrl('auth') });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; ms: number }>(
      `select id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as ms
       from users where tenant_id = $1 and id = any($2::uuid[])`,
      [world.tenantId, ids],
    );
    return new Map(rows.map(({ id, ms }) => [id, ms]));
  } finally {
    await client.end();
  }
}
