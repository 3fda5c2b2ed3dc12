import type { UserAliases } from '@rollcall/user-access';
import { paymentNotFound } from '../errors.ts';
import { type Page, type TimePosition, toPage } from '../page.ts';
import type { Payment, PaymentEvent } from './payment.ts';
import type { EventPosition, PaymentEventList, PaymentList, PaymentReads } from './payment-store.ts';

interface ListPaymentsQuery extends Omit<PaymentList, 'userIds'> {
  /** Also the payments of users merged with this one. Absent: the payments of all users. */
  readonly userId?: string;
}

/** Reads one page of payments. The id of a merged user stands for the survivor and all its ids. */
export async function listPayments(
  { reads, aliases }: { reads: PaymentReads; aliases: UserAliases },
  { userId, ...list }: ListPaymentsQuery,
): Promise<Page<Payment, TimePosition>> {
  const { tenantId, limit } = list;
  const userIds = userId && (await aliases.allIdsOf(tenantId, [await aliases.survivorOf(tenantId, userId)]));
  // One extra row shows whether a next page exists.
  const found = await reads.list({ ...list, limit: limit + 1, ...(userIds && { userIds }) });
  return toPage(found, limit, ({ createTime, id }) => ({ timeMs: createTime.getTime(), id }));
}

/**
 * Reads one page of the Stripe events of a payment.
 * @throws BillingError PAYMENT_NOT_FOUND when the tenant has no such payment.
 */
export async function listPaymentEvents(
  reads: PaymentReads,
  list: PaymentEventList,
): Promise<Page<PaymentEvent, EventPosition>> {
  const { tenantId, paymentId, limit } = list;
  if (!(await reads.find(tenantId, paymentId))) throw paymentNotFound(tenantId, paymentId);
  const found = await reads.listEvents({ ...list, limit: limit + 1 });
  return toPage(found, limit, ({ time, stripeEventId }) => ({ timeMs: time.getTime(), id: stripeEventId }));
}
