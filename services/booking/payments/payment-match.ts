import type { Money, Payment, ReceivedMoney } from '../bookings/booking.ts';

/** How what came in for a booking compares with what it costs. `OTHER_CURRENCY`: it cannot be compared. */
export type PaymentMatch = 'NOTHING' | 'FULL' | 'PARTIAL' | 'EXCESS' | 'OTHER_CURRENCY' | 'AMOUNT_UNKNOWN';

/** What is compared. */
interface PaidAmount {
  readonly amount: Money | null;
  readonly payment: Payment | null;
}

/** Compares what came in with the amount: money in another currency is never taken for a part of it. */
export function matchOf({ amount, payment }: PaidAmount): PaymentMatch {
  if (!payment || [payment, ...payment.others].every(({ paid }) => paid === 0n)) return 'NOTHING';
  if (!amount) return 'AMOUNT_UNKNOWN';
  if (payment.currencyCode !== amount.currencyCode || payment.paid === 0n) return 'OTHER_CURRENCY';
  if (payment.paid < amount.minorUnits) return 'PARTIAL';
  return payment.paid - payment.refunded > amount.minorUnits ? 'EXCESS' : 'FULL';
}

/** A payment with what came in in the currency of the amount first, where anything did. */
export function withMainCurrency(amount: Money | null, { revision, others, ...first }: Payment): Payment {
  const all = [first, ...others];
  const main = all.find(({ currencyCode }) => currencyCode === amount?.currencyCode) ?? first;
  return { ...main, revision, others: all.filter((each) => each !== main).sort(byCode) };
}

function byCode(one: ReceivedMoney, other: ReceivedMoney): number {
  return one.currencyCode < other.currencyCode ? -1 : 1;
}
