import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import type { BenchCase, CaseResult } from '../../harness/bench-case.ts';
import { quantile, toSpread } from '../../harness/stats.ts';
import type { World } from '../../world/world.ts';
import { readCommitTimes } from './commit-times.ts';
import { ForgettingWatch } from './forgetting-watch.ts';
import { fill, openClient, TIMEOUT_MS } from './open-client.ts';

const CLIENTS = 50;
const UPDATES_PER_SECOND = 500;
const SECONDS_PER_ROUND = 2;
const UPDATES = UPDATES_PER_SECOND * SECONDS_PER_ROUND;
const MOST_ROUNDS = 5;
/** When the client itself holds that news does not arrive any more, and stops relying on it. */
const BOUND_MS = 2_000;

/** How long somebody may still see what was changed. */
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
    // One after another: all at once they would find the service overloaded.
    for (const client of clients) await fill(client, ids);

    const byRound: number[][] = [];
    for (let round = 0; round <= roundsHere; round++) {
      byRound.push(await playRound(world, clients, ids.slice(round * UPDATES, (round + 1) * UPDATES)));
    }
    // The first round opens connections and compiles.
    return judge(byRound.slice(1));
  },
};

function judge(byRound: readonly (readonly number[])[]): CaseResult {
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

/** Changes each user once, at the pace, and answers how long each client still showed the old one, in ms. */
async function playRound(world: World, clients: readonly UserClient[], ids: readonly string[]) {
  using admin = createUserAdminClient({
    address: (await world.auth()).address,
    defaultTimeoutMs: TIMEOUT_MS,
  });
  using watch = new ForgettingWatch(clients, ids);
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
