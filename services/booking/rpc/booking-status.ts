import { BookingStatus as StatusMessage } from '@rollcall/contract/booking';
import type { BookingStatus } from '../bookings/booking.ts';

const STATUSES: Readonly<Record<StatusMessage, BookingStatus>> = {
  [StatusMessage.UNSPECIFIED]: 'PENDING',
  [StatusMessage.PENDING]: 'PENDING',
  [StatusMessage.PAID]: 'PAID',
  [StatusMessage.COMPLETED]: 'COMPLETED',
  [StatusMessage.ATTENDED]: 'ATTENDED',
  [StatusMessage.CANCELLED]: 'CANCELLED',
  [StatusMessage.REFUNDED]: 'REFUNDED',
};

/** A status of the wire; not given: PENDING. Field rules have refused values that the contract does not name. */
export function statusFromMessage(status: StatusMessage): BookingStatus {
  return STATUSES[status] ?? 'PENDING';
}
