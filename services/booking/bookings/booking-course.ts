import type { BookingStatus, Money, Payment } from './booking.ts';

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
export interface BookingStanding {
  /** The status that people gave it. */
  readonly standing: BookingStatus;
  readonly amount: Money | null;
  readonly payment: Payment | null;
}

/**
 * The status of a booking by what people and money say of it now, and nothing of what either said before: whatever the order
 * in which payments are told, the same status remains. All of the money back: REFUNDED. Otherwise what people say, except
 * that one whose amount is there is not PENDING any more.
 */
export function statusOf({ standing, amount, payment }: BookingStanding): BookingStatus {
  if (!payment || payment.paid === 0n) return standing;
  if (payment.refunded === payment.paid) return 'REFUNDED';
  return standing === 'PENDING' && covers(payment, amount) ? 'PAID' : standing;
}

// Where the amount is not known, or cannot be compared, whatever came in is taken for it.
function covers({ paid, currencyCode }: Payment, amount: Money | null): boolean {
  return !amount || amount.currencyCode !== currencyCode || paid >= amount.minorUnits;
}

/** Whether a telling of payments replaces the one before. One order over all tellings, so that the last of them remains. */
export function isNewer(told: Payment, before: Payment | null): boolean {
  if (!before) return true;
  if (told.revision !== before.revision) return told.revision > before.revision;
  // Two that claim the same place: the one with more in it.
  if (told.paid !== before.paid) return told.paid > before.paid;
  if (told.refunded !== before.refunded) return told.refunded > before.refunded;
  return told.currencyCode > before.currencyCode;
}
