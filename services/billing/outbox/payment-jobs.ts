import { addJobs, type OutboxJob } from '@rollcall/runtime/outbox';
import { activityJob, statisticsJob } from '@rollcall/user-access';
import { v4 as uuidv4 } from 'uuid';
import { formatStripeAmount, fromStripeAmount } from '../money.ts';
import type {
  OnChanges,
  PaymentChange,
  PaymentOwner,
  PaymentStanding,
} from '../webhooks/apply/payment-change.ts';
import { bookingJob } from './booking-payments.ts';

/**
 * Creates the jobs that report changed payments to other services, to add last in the transaction of the
 * change. Changes of one user or one booking share a job. Payments without an owner have no jobs.
 * @param now the time of the transaction, used for activities without a time of their own
 */
export function paymentJobs(changes: readonly PaymentChange[], now: Date): OutboxJob[] {
  const jobs = changes.flatMap((change) => jobsOf(change, now));
  const keyed = new Map(
    jobs.flatMap((job) => (job.key === undefined ? [] : [[`${job.task} ${job.key}`, job]])),
  );
  // In a fixed order, because a transaction that adds a key waits for others that added it.
  const once = [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, job]) => job);
  return [...jobs.filter(({ key }) => key === undefined), ...once];
}

function jobsOf(change: PaymentChange, now: Date): OutboxJob[] {
  const { tenantId, userId, bookingId, previousOwner: former, currency } = change;
  if (tenantId === null) return [];
  // The previous owner no longer counts the payment.
  const owners = [{ tenantId, userId, bookingId }, ...(former ? [former] : [])];
  return [
    ...(change.current.captured > 0 ? owners.flatMap((owner) => sumsOf(owner, currency)) : []),
    ...(userId ? activitiesOf(change, { tenantId, userId, now }) : []),
  ];
}

function sumsOf({ tenantId, userId, bookingId }: PaymentOwner, currency: string): OutboxJob[] {
  return [
    ...(userId ? [statisticsJob({ tenantId, userId })] : []),
    ...(bookingId ? [bookingJob({ tenantId, bookingId, currency })] : []),
  ];
}

interface Payer {
  readonly tenantId: string;
  readonly userId: string;
  readonly now: Date;
}

// The id is part of the job, so that a retry reports the activity only once.
function activitiesOf(change: PaymentChange, { tenantId, userId, now }: Payer): OutboxJob[] {
  const { paymentId, currency } = change;
  return kindsOf(change).map(({ kind, amount }) => {
    const timeS = change.times[TIMES[kind]];
    const time = timeS === null ? now : new Date(timeS * 1000);
    const { minorUnits } = fromStripeAmount(currency, BigInt(amount));
    const attributes = { payment_id: paymentId, currency, minor_units: Number(minorUnits) };
    const summary = `${SUMMARIES[kind]}: ${formatStripeAmount(currency, BigInt(amount))}`;
    return activityJob({
      ...{ tenantId, userId, requestId: uuidv4() },
      activity: { kind, time, summary, attributes },
    });
  });
}

const SUMMARIES = {
  'payment.succeeded': 'A payment came in',
  'payment.refunded': 'Money went back',
  'payment.disputed': 'A payment is disputed',
  'payment.canceled': 'A payment was given up',
} as const;

const TIMES = {
  'payment.succeeded': 'captured',
  'payment.refunded': 'refunded',
  'payment.disputed': 'disputed',
  'payment.canceled': 'canceled',
} as const satisfies Record<keyof typeof SUMMARIES, keyof PaymentChange['times']>;

interface PaymentActivity {
  readonly kind: keyof typeof SUMMARIES;
  /** In Stripe's unit. */
  readonly amount: number;
}

function kindsOf({ current: now, previous: before, amount }: PaymentChange): PaymentActivity[] {
  const { captured, refunded, everRefunded, disputeState, state } = before ?? NOTHING;
  // A refund that a charge reported does not count while it is pending, and counts again once it succeeded.
  const back = Math.min(now.refunded - refunded, now.everRefunded - everRefunded);
  return [
    ...(now.captured > captured ? [toActivity('payment.succeeded', now.captured - captured)] : []),
    ...(back > 0 ? [toActivity('payment.refunded', back)] : []),
    ...(now.disputeState && !disputeState ? [toActivity('payment.disputed', amount)] : []),
    ...(now.state === 'CANCELED' && state !== 'CANCELED' ? [toActivity('payment.canceled', amount)] : []),
  ];
}

const NOTHING: PaymentStanding = {
  state: 'PENDING',
  captured: 0,
  refunded: 0,
  everRefunded: 0,
  disputeState: null,
};

function toActivity(kind: PaymentActivity['kind'], amount: number): PaymentActivity {
  return { kind, amount };
}

/** Enqueues the jobs for changed payments in the transaction of the change. It runs last in it. */
export const enqueuePaymentJobs: OnChanges = (run, changes) =>
  addJobs((text, values) => run({ name: 'outbox_add_jobs', text }, values), paymentJobs(changes, new Date()));
