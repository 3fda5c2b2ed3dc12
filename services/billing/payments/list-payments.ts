import type { UserAliases } from '@rollcall/user-access';
import { paymentNotFound } from '../errors.ts';
import { type Page, type TimePosition, toPage } from '../page.ts';
import type { Payment, PaymentEvent } from './payment.ts';
import type { EventPosition, PaymentEventList, PaymentList, PaymentReads } from './payment-store.ts';

/** Which payments. */
interface ListPaymentsQuery extends Omit<PaymentList, 'userIds'> {
  /** Only those of this user, and of users merged with it; absent: of everybody. */
  readonly userId?: string;
}

/** One page of payments. Whoever asks by an id that was merged away means the user who survived, and all that is the user's. */
export async function listPayments(
  { reads, aliases }: { reads: PaymentReads; aliases: UserAliases },
  { userId, ...list }: ListPaymentsQuery,
): Promise<Page<Payment, TimePosition>> {
  const { tenantId, limit } = list;
  const userIds = userId && (await aliases.allIdsOf(tenantId, [await aliases.survivorOf(tenantId, userId)]));
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: limit + 1, ...(userIds && { userIds }) });
  return toPage(found, limit, ({ createTime, id }) => ({ timeMs: createTime.getTime(), id }));
}

/** One page of what Stripe told of a payment. Throws BillingError PAYMENT_NOT_FOUND. */
export async function listPaymentEvents(
  reads: PaymentReads,
  list: PaymentEventList,
): Promise<Page<PaymentEvent, EventPosition>> {
  const { tenantId, paymentId, limit } = list;
  if (!(await reads.find(tenantId, paymentId))) throw paymentNotFound(tenantId, paymentId);
  const found = await reads.listEvents({ ...list, limit: limit + 1 });
  return toPage(found, limit, ({ time, stripeEventId }) => ({ timeMs: time.getTime(), id: stripeEventId }));
}
