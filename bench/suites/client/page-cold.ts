import type { BenchCase } from '../../harness/bench-case.ts';
import { openClient } from './open-client.ts';
import { comparePages } from './page.ts';
import { openPages, PAGE_USERS, PAGES_AT_ONCE } from './page-queries.ts';

/** The worst page: nobody on it is known, because the client may remember a single user only. */
export const pageCold: BenchCase = {
  name: 'page-cold',
  doc: `the same with every user of every page unknown`,
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
