import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { openOurWebhooks } from './our-webhooks.ts';
import { mixPayments, sign } from './payment-mix.ts';
import { openSyncEngine } from './sync-engine.ts';
import { SECRET, type WebhookContestant } from './webhook-contestant.ts';

/** Payments in a round. */
const PAYMENTS = 10_000;
const WARM_UP_PAYMENTS = 1_000;

/** Speed of storing and applying Stripe's events, in any order. */
export const webhooks: BenchCase = {
  name: 'webhooks',
  doc: `events of ${PAYMENTS} payments, shuffled, a tenth twice: verified, durable, applied, against @supabase/stripe-sync-engine`,
  async run({ world, rounds }) {
    const postgres = await world.durable();
    await using ours = openOurWebhooks(postgres.databaseUrl('billing'));
    await using peer = await openSyncEngine(await world.emptyDatabase('stripe_sync'));
    const tally = { ours: { wrong: 0, of: 0 }, peer: { wrong: 0, of: 0 } };
    const measure =
      (contestant: WebhookContestant, sum: { wrong: number; of: number }) => async (round: number) => {
        const mix = mixPayments(`r${round}x`, round === 0 ? WARM_UP_PAYMENTS : PAYMENTS);
        const deliveries = sign(mix.bodies, SECRET);
        const figure = await perSecond(deliveries.length, () => contestant.play(deliveries));
        const { wrong, of } = await contestant.countWrong(mix);
        if (round > 0) Object.assign(sum, { wrong: sum.wrong + wrong, of: sum.of + of });
        return figure;
      };
    const measured = await compare({
      ours: { name: 'webhooks', measure: measure(ours, tally.ours) },
      peers: [{ name: 'stripe-sync-engine', measure: measure(peer, tally.peer) }],
      unit: 'events/s',
      target: { of: 'ratio', bound: 'at least', figure: 2 },
      rounds,
    });
    return {
      ...measured,
      target: { ...measured.target, alsoHolds: tally.ours.wrong === 0 },
      notes: [
        `wrong final rows: ours ${tally.ours.wrong} of ${tally.ours.of} payments, the peer's ${tally.peer.wrong} of ${tally.peer.of} objects`,
      ],
    };
  },
};
