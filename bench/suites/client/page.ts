import type { UserClient } from '@rollcall/user-client';
import type { Measured } from '../../harness/bench-case.ts';
import { createBusyShare } from '../../harness/busy-share.ts';
import { compare } from '../../harness/compare.ts';
import { perSecond } from '../../harness/interleave.ts';
import { PAGES_AT_ONCE, type Pages } from './page-queries.ts';

/** After so many rounds neither side gets faster any more: the code of a page is compiled bit by bit. */
const WARM_UPS = 6;

/** What to compare. */
export interface PageComparison {
  readonly pages: Pages;
  readonly client: UserClient;
  readonly rounds: number;
  /** Pages of a round. */
  readonly count: number;
  /** The ratio to reach. */
  readonly figure: number;
}

/** Pages of 50 bookings with the names of their users: `attach` against the join. */
export async function comparePages(comparison: PageComparison): Promise<Measured> {
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
