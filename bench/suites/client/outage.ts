import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient } from '@rollcall/user-client';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { fill, openClient } from './open-client.ts';

const USERS = 8_192;
const GETS = 100_000;
const BREAKER_WAIT_MS = 30_000;
const FRESH_WAIT_MS = 30_000;

/** Cost of reading a cached user while the service is dead. It should be close to a hit. */
export const outage: BenchCase = {
  name: 'outage',
  doc: 'awaited getUser of known users that are too old, service killed and breaker open, against hit',
  async run({ world, rounds }) {
    const ids = await world.users(USERS);
    await using client = await openClient(world);
    await fill(client, ids);
    await using doomed = await world.startAuth();
    // With this `ttlMs` every answer during the outage is stale.
    await using cutOff = await openClient(world, { address: doomed.address, ttlMs: 1 });
    await fill(cutOff, ids);
    await doomed.kill();
    await untilBreakerOpens(cutOff, ids);
    await untilNothingIsFresh(cutOff, ids);

    const measure = (play: () => Promise<void>) => () => perSecond(GETS, play);
    const measured = await compare({
      ours: { name: 'outage', measure: measure(() => playOutage(cutOff, ids)) },
      peers: [{ name: 'hit', measure: measure(() => playHit(client, ids)) }],
      unit: 'gets/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.5 },
      rounds,
      warmUps: 2,
    });
    const { stale, unavailable } = cutOff.stats();
    const notes = [`${stale} answered from before the outage, ${unavailable} not at all`];
    return {
      ...measured,
      notes,
      target: { ...measured.target, alsoHolds: unavailable === 0 && stale >= GETS * measured.value.rounds },
    };
  },
};

// Two equal loops, so that the engine compiles each for one state of the client.
async function playOutage(client: UserClient, ids: readonly string[]): Promise<void> {
  for (let i = 0; i < GETS; i++) {
    const id = ids[i % USERS] as string;
    if ((await client.getUser(id)).id !== id) throw new Error(`user ${id} was not answered`);
  }
}

async function playHit(client: UserClient, ids: readonly string[]): Promise<void> {
  for (let i = 0; i < GETS; i++) {
    const id = ids[i % USERS] as string;
    if ((await client.getUser(id)).id !== id) throw new Error(`user ${id} was not answered`);
  }
}

async function untilBreakerOpens(client: UserClient, ids: readonly string[]): Promise<void> {
  const giveUpAt = performance.now() + BREAKER_WAIT_MS;
  for (let i = 0; performance.now() < giveUpAt; i++) {
    await client.getUser(ids[i % USERS] as string);
    if (client.stats().breaker === 'open') return;
    await sleep(5);
  }
  throw new Error(`the breaker did not open within ${BREAKER_WAIT_MS} ms of the end of the service`);
}

// For the first seconds the change feed still covers what was read: that is fresh and measures no outage.
async function untilNothingIsFresh(client: UserClient, ids: readonly string[]): Promise<void> {
  const giveUpAt = performance.now() + FRESH_WAIT_MS;
  while (performance.now() < giveUpAt) {
    const { hits } = client.stats();
    for (const id of ids) await client.getUser(id);
    if (client.stats().hits === hits) return;
    await sleep(100);
  }
  throw new Error(`users were still fresh ${FRESH_WAIT_MS} ms after the end of the service`);
}
