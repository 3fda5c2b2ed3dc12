import { matchOf } from '../payments/payment-match.ts';
import type { BookingStatus, Money, Payment, ReceivedMoney } from './booking.ts';

/** The statuses that a caller may set from each status. */
export const NEXT_STATUSES: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  PENDING: ['PAID', 'CANCELLED'],
  PAID: ['COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'],
  COMPLETED: ['ATTENDED', 'REFUNDED'],
  ATTENDED: ['REFUNDED'],
  CANCELLED: ['REFUNDED'],
  REFUNDED: [],
};

interface StatusInputs {
  /** The status that a caller set. */
  readonly manualStatus: BookingStatus;
  readonly amount: Money | null;
  readonly payment: Payment | null;
}

/**
 * Derives the status from the set status and the payments, whatever the order in which payments were
 * recorded. A full refund gives REFUNDED. Otherwise the set status counts, and PENDING becomes PAID once the
 * amount is paid.
 */
export function statusOf({ manualStatus, amount, payment }: StatusInputs): BookingStatus {
  const match = matchOf({ amount, payment });
  if (!payment || match === 'NOTHING') return manualStatus;
  if (match === 'OTHER_CURRENCY')
    // Other money counts only when a caller accepted it as the amount.
    return manualStatus !== 'PENDING' && isAllBack([payment, ...payment.others]) ? 'REFUNDED' : manualStatus;
  if (isAllBack(amount ? [payment] : [payment, ...payment.others])) return 'REFUNDED';
  return manualStatus === 'PENDING' && match !== 'PARTIAL' ? 'PAID' : manualStatus;
}

function isAllBack(received: readonly ReceivedMoney[]): boolean {
  return received.every(({ paid, refunded }) => paid === refunded);
}
