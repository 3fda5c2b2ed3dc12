import type { BenchCase } from '../../harness/bench-case.ts';
import { fill, openClient } from './open-client.ts';
import { comparePages } from './page.ts';
import { openPages, PAGE_USERS, PAGES_AT_ONCE } from './page-queries.ts';

/** The page that is served all day: every user on it is known. */
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
