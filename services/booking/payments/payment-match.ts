import type { Money, Payment, ReceivedMoney } from '../bookings/booking.ts';

/** How the received money compares with the amount of a booking. `OTHER_CURRENCY`: not comparable. */
export type PaymentMatch = 'NOTHING' | 'FULL' | 'PARTIAL' | 'EXCESS' | 'OTHER_CURRENCY' | 'AMOUNT_UNKNOWN';

interface PaidAmount {
  readonly amount: Money | null;
  readonly payment: Payment | null;
}

/** Compares the received money with the amount. Money in another currency never counts as a part of it. */
export function matchOf({ amount, payment }: PaidAmount): PaymentMatch {
  if (!payment || [payment, ...payment.others].every(({ paid }) => paid === 0n)) return 'NOTHING';
  if (!amount) return 'AMOUNT_UNKNOWN';
  if (payment.currencyCode !== amount.currencyCode || payment.paid === 0n) return 'OTHER_CURRENCY';
  if (payment.paid < amount.minorUnits) return 'PARTIAL';
  return payment.paid - payment.refunded > amount.minorUnits ? 'EXCESS' : 'FULL';
}

/** Returns the payment with the currency of the amount as its main one, when any money came in it. */
export function withMainCurrency(amount: Money | null, { revision, others, ...first }: Payment): Payment {
  const all = [first, ...others];
  const main = all.find(({ currencyCode }) => currencyCode === amount?.currencyCode) ?? first;
  return { ...main, revision, others: all.filter((each) => each !== main).sort(byCode) };
}

function byCode(one: ReceivedMoney, other: ReceivedMoney): number {
  return one.currencyCode < other.currencyCode ? -1 : 1;
}

/** Whether a recorded payment replaces the one before. The order is total, so one payment stays last. */
export function isNewerPayment(payment: Payment, before: Payment | null): boolean {
  if (!before) return true;
  if (payment.revision !== before.revision) return payment.revision > before.revision;
  // Equal revisions: the payment with more money stays.
  if (payment.paid !== before.paid) return payment.paid > before.paid;
  if (payment.refunded !== before.refunded) return payment.refunded > before.refunded;
  if (payment.currencyCode !== before.currencyCode) return payment.currencyCode > before.currencyCode;
  return textOf(payment.others) > textOf(before.others);
}

function textOf(received: readonly ReceivedMoney[]): string {
  return received.map(({ currencyCode, paid, refunded }) => `${currencyCode} ${paid} ${refunded}`).join();
}
