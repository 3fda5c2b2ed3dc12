import { type StoryEvent, signatureOf, storyEvents, WITHDRAWN } from '@rollcall/billing/testing';
import { createRandom } from '../client/mixed-requests.ts';

/** State of a payment after all of its events. */
export interface FinalPayment {
  readonly state: string;
  readonly captured: number;
  readonly refunded: number;
  /** Null when there is no dispute. */
  readonly disputeState: string | null;
}

/** Events of many payments, and the state that must follow from them. */
export interface PaymentMix {
  /** Bodies of the events: shuffled, a tenth of them twice. */
  readonly bodies: readonly string[];
  /** By payment intent. */
  readonly payments: ReadonlyMap<string, FinalPayment>;
  /** Last snapshot of each object, by its id. */
  readonly objects: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

const AMOUNT = 1999;
const PART = 500;
const DUPLICATES = 0.1;
const CAPTURED = { captured: true, amount_captured: AMOUNT };
const CAME_IN = { status: 'succeeded', amount_received: AMOUNT };

type Story = ReturnType<typeof storyEvents>;
interface PaymentCourse {
  readonly final: FinalPayment;
  readonly tell: (story: Story) => StoryEvent[];
}

const paid = (story: Story) => [
  story.intent('payment_intent.created', {}),
  story.charge('charge.succeeded', CAPTURED),
  story.intent('payment_intent.succeeded', CAME_IN),
];
const refunded = (story: Story, amount: number) => [
  ...paid(story),
  story.refund('refund.created', { amount, status: 'pending' }),
  story.charge('charge.refunded', {
    ...CAPTURED,
    amount_refunded: amount,
    refunded: amount === AMOUNT,
  }),
  story.refund('refund.updated', { amount }),
];
const none = { refunded: 0, disputeState: null };

// Of ten payments: four succeed, two succeed at the second attempt, two are refunded in part, one in full,
// one is lost.
const COURSES: readonly PaymentCourse[] = [
  ...Array.from({ length: 4 }, () => ({
    final: { state: 'SUCCEEDED', captured: AMOUNT, ...none },
    tell: paid,
  })),
  ...Array.from({ length: 2 }, () => ({
    final: { state: 'SUCCEEDED', captured: AMOUNT, ...none },
    tell: (story: Story) => [
      story.intent('payment_intent.created', {}),
      story.charge('charge.failed', { status: 'failed', failure_code: 'card_declined' }),
      story.intent('payment_intent.payment_failed', {
        last_payment_error: { code: 'card_declined', type: 'card_error' },
      }),
      story.charge('charge.succeeded', CAPTURED, 2),
      story.intent('payment_intent.succeeded', CAME_IN),
    ],
  })),
  ...Array.from({ length: 2 }, () => ({
    final: { state: 'PARTIALLY_REFUNDED', captured: AMOUNT, refunded: PART, disputeState: null },
    tell: (story: Story) => refunded(story, PART),
  })),
  {
    final: { state: 'REFUNDED', captured: AMOUNT, refunded: AMOUNT, disputeState: null },
    tell: (story) => refunded(story, AMOUNT),
  },
  {
    final: { state: 'SUCCEEDED', captured: AMOUNT, refunded: 0, disputeState: 'LOST' },
    tell: (story) => [
      ...paid(story),
      story.dispute('charge.dispute.created', { balance_transactions: WITHDRAWN }),
      story.charge('charge.updated', { ...CAPTURED, disputed: true }),
      story.dispute('charge.dispute.closed', { status: 'lost', balance_transactions: WITHDRAWN }),
    ],
  },
];

/**
 * Creates the events of `count` payments. Every other payment happens within a single second of Stripe's
 * clock.
 * @param name prefix that makes the ids unique
 */
export function mixPayments(name: string, count: number): PaymentMix {
  const random = createRandom(count);
  const payments = new Map<string, FinalPayment>();
  const objects = new Map<string, Readonly<Record<string, unknown>>>();
  const bodies: string[] = [];
  for (let i = 0; i < count; i++) {
    const { final, tell } = COURSES[i % COURSES.length] as PaymentCourse;
    const story = storyEvents({ name: `${name}${i}`, stepS: Math.floor(i / COURSES.length) % 2 });
    payments.set(story.intentId, final);
    for (const event of tell(story)) {
      const { object } = event.data;
      objects.set(String(object.id), object);
      bodies.push(JSON.stringify(event));
      if (random() < DUPLICATES) bodies.push(JSON.stringify(event));
    }
  }
  return { bodies: shuffle(bodies, random), payments, objects };
}

/** A webhook delivery: its body and its signature header. */
export interface Delivery {
  readonly body: string;
  readonly signature: string;
}

/** Signs bodies as Stripe does, with the present time: a signature is valid for a few minutes only. */
export function sign(bodies: readonly string[], secret: string): Delivery[] {
  return bodies.map((body) => ({ body, signature: signatureOf(body, secret) }));
}

function shuffle<T>(things: T[], random: () => number): T[] {
  for (let i = things.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [things[i], things[j]] = [things[j] as T, things[i] as T];
  }
  return things;
}
