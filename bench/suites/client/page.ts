import type { UserClient } from '@rollcall/user-client';
import type { BenchCase, Measured } from '../../harness/bench-case.ts';
import { compare, createBusyShare, perSecond } from '../../harness/compare.ts';
import { fill, openClient } from './open-client.ts';
import { openPages, PAGE_USERS, PAGES_AT_ONCE, type Pages } from './page-queries.ts';

/** Rounds until neither side gets faster: the engine compiles the code of a page step by step. */
const WARM_UPS = 6;

interface PageComparison {
  readonly pages: Pages;
  readonly client: UserClient;
  readonly rounds: number;
  /** Pages in a round. */
  readonly count: number;
  /** Target ratio. */
  readonly figure: number;
}

/** Compares `attach` with the SQL join, on pages of 50 bookings with the names of their users. */
async function comparePages(comparison: PageComparison): Promise<Measured> {
  const { pages, client, rounds, count, figure } = comparison;
  const busy = { ours: createBusyShare(), peer: createBusyShare() };
  const ours = async (before: Date) => {
    const rows = await client.attach(await pages.readBookings(before), { user: 'user_id' });
    for (const { user } of rows) {
      if (user === undefined || !('user' in user) || user.user.displayName === '')
        throw new Error(`a booking without the name of its user, who is ${user?.outcome}`);
    }
  };
  const peer = async (before: Date) => {
    for (const { user_display_name, id } of await pages.readJoined(before)) {
      if (!user_display_name) throw new Error(`booking ${id} has no user in the join`);
    }
  };
  const measure = (page: typeof ours) => (round: number) =>
    perSecond(count, () => play(page, pages.starts(count, round)));
  const measureOurs = measure(ours);
  const measurePeer = measure(peer);
  const measured = await compare({
    ours: {
      name: 'bookings + attach',
      measure: (round) => busy.ours.during(() => measureOurs(round)),
    },
    peers: [{ name: 'SQL join', measure: (round) => busy.peer.during(() => measurePeer(round)) }],
    unit: 'pages/s',
    target: { of: 'ratio', bound: 'at least', figure },
    rounds,
    warmUps: WARM_UPS,
  });
  const note = `our thread was busy for ${busy.ours.percent()} % of the time, the peer's for ${busy.peer.percent()} %`;
  return { ...measured, notes: [...(measured.notes ?? []), note] };
}

async function play(page: (before: Date) => Promise<void>, starts: readonly Date[]): Promise<void> {
  let at = 0;
  const reader = async () => {
    while (at < starts.length) await page(starts[at++] as Date);
  };
  await Promise.all(Array.from({ length: PAGES_AT_ONCE }, reader));
}

/** The slowest page: no user on it is cached, because the client may hold one user only. */
export const pageCold: BenchCase = {
  name: 'page-cold',
  doc: 'pages of 50 bookings with no user known, against a join with a local users table',
  async run({ world, rounds }) {
    await world.users(PAGE_USERS);
    await using pages = await openPages(world);
    await using client = await openClient(world, { maxEntries: 1 });
    const measured = await comparePages({ pages, client, rounds, count: 1_000, figure: 0.6 });
    const { misses, hits } = client.stats();
    const notes = [
      ...(measured.notes ?? []),
      `${misses} users asked for, ${hits} known, ${PAGES_AT_ONCE} pages at a time`,
    ];
    return { ...measured, notes };
  },
};

/** The usual page: every user on it is cached. */
export const pageWarm: BenchCase = {
  name: 'page-warm',
  doc: `pages of 50 bookings with known users, ${PAGES_AT_ONCE} at a time, against a join with a local users table`,
  async run({ world, rounds }) {
    const ids = await world.users(PAGE_USERS);
    await using pages = await openPages(world);
    await using client = await openClient(world, { maxEntries: PAGE_USERS });
    await fill(client, ids);
    return await comparePages({ pages, client, rounds, count: 2_000, figure: 2.5 });
  },
};
