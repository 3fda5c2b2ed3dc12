import type { Booking as BookingMessage } from '@rollcall/contract/booking';
import { requireStorable } from '@rollcall/runtime/rpc';
import type { NewBooking } from '../bookings/booking.ts';
import { statusFromMessage } from './booking-status.ts';
import { contactDetailsFromMessage } from './contact-details.ts';

/** What CreateBooking writes; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newBookingFromMessage(booking: BookingMessage): NewBooking {
  const { reference, userId, vendorId, petIds, status, startDate, endDate, amount, title } = booking;
  requireStorable('booking.title', title);
  return {
    reference,
    userId: userId.toLowerCase() || null,
    vendorId: vendorId.toLowerCase() || null,
    petIds: [...new Set(petIds.map((id) => id.toLowerCase()))],
    contactDetails: contactDetailsFromMessage(booking.contactDetails),
    status: statusFromMessage(status),
    startDate,
    endDate,
    amount: amount ? { currencyCode: amount.currencyCode, minorUnits: amount.minorUnits } : null,
    title,
  };
}
