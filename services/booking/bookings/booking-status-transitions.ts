import { matchOf } from '../payments/payment-match.ts';
import type { BookingStatus, Money, Payment, ReceivedMoney } from './booking.ts';

/** Where people may move a booking from each status. */
export const NEXT_STATUSES: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  PENDING: ['PAID', 'CANCELLED'],
  PAID: ['COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'],
  COMPLETED: ['ATTENDED', 'REFUNDED'],
  ATTENDED: ['REFUNDED'],
  CANCELLED: ['REFUNDED'],
  REFUNDED: [],
};

/** What decides the status of a booking. */
interface StatusInputs {
  /** The status that people gave it. */
  readonly manualStatus: BookingStatus;
  readonly amount: Money | null;
  readonly payment: Payment | null;
}

/**
 * The status of a booking by what people and money say of it now, and nothing of what either said before: whatever the order
 * in which payments are told, the same status remains. All of the money back: REFUNDED. Otherwise what people say, except
 * that one whose amount is there is not PENDING any more.
 */
export function statusOf({ manualStatus: standing, amount, payment }: StatusInputs): BookingStatus {
  const match = matchOf({ amount, payment });
  if (!payment || match === 'NOTHING') return standing;
  if (match === 'OTHER_CURRENCY')
    // Somebody took it for the amount, or else it has no say.
    return standing !== 'PENDING' && isAllBack([payment, ...payment.others]) ? 'REFUNDED' : standing;
  if (isAllBack(amount ? [payment] : [payment, ...payment.others])) return 'REFUNDED';
  return standing === 'PENDING' && match !== 'PARTIAL' ? 'PAID' : standing;
}

function isAllBack(received: readonly ReceivedMoney[]): boolean {
  return received.every(({ paid, refunded }) => paid === refunded);
}

/** Whether a telling of payments replaces the one before. One order over all tellings, so that the last of them remains. */
export function isNewer(told: Payment, before: Payment | null): boolean {
  if (!before) return true;
  if (told.revision !== before.revision) return told.revision > before.revision;
  // Two that claim the same place: the one with more in it.
  if (told.paid !== before.paid) return told.paid > before.paid;
  if (told.refunded !== before.refunded) return told.refunded > before.refunded;
  if (told.currencyCode !== before.currencyCode) return told.currencyCode > before.currencyCode;
  return textOf(told.others) > textOf(before.others);
}

function textOf(received: readonly ReceivedMoney[]): string {
  return received.map(({ currencyCode, paid, refunded }) => `${currencyCode} ${paid} ${refunded}`).join();
}
