import { isDeepStrictEqual } from 'node:util';
import type { DerivedPayment } from './derive-payment.ts';

/**
 * What of a payment is to be written: itself with those refunds and disputes that are not as they were. Undefined: nothing.
 * @param before undefined: there was none, or nobody knows how it was written
 */
export function changedParts(
  before: DerivedPayment | undefined,
  now: DerivedPayment,
): DerivedPayment | undefined {
  if (!before) return now;
  if (isDeepStrictEqual(before, now)) return undefined;
  return {
    ...now,
    refunds: changed(before.refunds, now.refunds),
    disputes: changed(before.disputes, now.disputes),
  };
}

function changed<T extends { readonly stripeId: string }>(before: readonly T[], now: readonly T[]): T[] {
  const known = new Map(before.map((each) => [each.stripeId, each]));
  return now.filter((each) => !isDeepStrictEqual(known.get(each.stripeId), each));
}
