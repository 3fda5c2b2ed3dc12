import { type Booking as BookingMessage, BookingStatus as StatusMessage } from '@rollcall/contract/booking';
import { isStorable, UNSTORABLE } from '@rollcall/runtime';
import { invalidField } from '@rollcall/runtime/rpc';
import type { BookingStatus, NewBooking } from '../bookings/booking.ts';
import { contactDetailsFromMessage } from './contact-details.ts';

const STATUSES: Readonly<Record<StatusMessage, BookingStatus>> = {
  [StatusMessage.UNSPECIFIED]: 'PENDING',
  [StatusMessage.PENDING]: 'PENDING',
  [StatusMessage.PAID]: 'PAID',
  [StatusMessage.COMPLETED]: 'COMPLETED',
  [StatusMessage.ATTENDED]: 'ATTENDED',
  [StatusMessage.CANCELLED]: 'CANCELLED',
  [StatusMessage.REFUNDED]: 'REFUNDED',
};

/** What CreateBooking writes; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newBookingFromMessage(booking: BookingMessage): NewBooking {
  const { reference, userId, status, startDate, endDate, amount, title } = booking;
  if (!isStorable(title)) throw invalidField('booking.title', UNSTORABLE);
  return {
    reference,
    userId: userId.toLowerCase() || null,
    contactDetails: contactDetailsFromMessage(booking.contactDetails),
    // Field rules have refused values that the contract does not name.
    status: STATUSES[status] ?? 'PENDING',
    startDate,
    endDate,
    amount: amount ? { currencyCode: amount.currencyCode, minorUnits: amount.minorUnits } : null,
    title,
  };
}
