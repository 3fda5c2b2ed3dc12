import type Stripe from 'stripe';
import { unitsOf } from '../../money.ts';
import { eventSample } from './event.ts';
import { PAYMENT_EVENTS, type PaymentEventTerms } from './payment-events.ts';
import type { SamplePayment } from './sample-payment.ts';

/** The courses that a sample payment can take. */
export const STORIES = [
  'paid',
  'failed-then-paid',
  'canceled',
  'refund',
  'partial-refunds',
  'dispute-lost',
  'dispute-won',
] as const;

/** One of `STORIES`. */
export type Story = (typeof STORIES)[number];

type Step = readonly [type: string, terms?: PaymentEventTerms];

/** Creates every event of a story in order. Some share one second, as at Stripe. */
export function storyOf(story: Story, payment: SamplePayment): Stripe.Event[] {
  return stepsOf(story, payment).map(([type, terms = {}], at) =>
    eventSample({
      type,
      object: PAYMENT_EVENTS.get(type)?.(payment, terms) ?? {},
      created: payment.created + Math.floor(at / 2),
    }),
  );
}

const PAID: readonly Step[] = [
  ['payment_intent.created'],
  ['charge.succeeded'],
  ['payment_intent.succeeded'],
  ['charge.updated'],
];

function stepsOf(story: Story, { amount, currency }: SamplePayment): readonly Step[] {
  const step = 2 * Number(unitsOf(currency.toUpperCase()).step);
  const half = Math.floor(amount / step) * (step / 2);
  const steps: Readonly<Record<Story, readonly Step[]>> = {
    paid: PAID,
    'failed-then-paid': [
      ['payment_intent.created'],
      ['charge.failed'],
      ['payment_intent.payment_failed'],
      ...PAID.slice(1),
    ],
    canceled: [['payment_intent.created'], ['payment_intent.canceled']],
    refund: [...PAID, ['refund.created'], ['charge.refunded'], ['refund.updated']],
    'partial-refunds': [
      ...PAID,
      ...refundOf({ refund: 1, refunded: half }),
      ...refundOf({ refund: 2, refundedBefore: half }),
    ],
    'dispute-lost': [...PAID, ...DISPUTED, ['charge.dispute.closed', { outcome: 'lost' }]],
    'dispute-won': [
      ...PAID,
      ...DISPUTED,
      ['charge.dispute.closed', { outcome: 'won' }],
      ['charge.dispute.funds_reinstated'],
    ],
  };
  return steps[story];
}

const DISPUTED: readonly Step[] = [
  ['charge.dispute.created'],
  ['charge.dispute.funds_withdrawn'],
  ['charge.dispute.updated'],
];

function refundOf(terms: PaymentEventTerms): Step[] {
  return [
    ['refund.created', terms],
    ['charge.refunded', terms],
    ['refund.updated', terms],
  ];
}
