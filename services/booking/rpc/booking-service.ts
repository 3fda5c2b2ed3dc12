import { create } from '@bufbuild/protobuf';
import {
  type Booking as BookingMessage,
  type BookingService,
  type CreateBookingRequest,
  CreateBookingResponseSchema,
  GetBookingResponseSchema,
  ListBookingsResponseSchema,
} from '@rollcall/contract/booking';
import type { Implementation } from '@rollcall/runtime/rpc';
import type { Users } from '@rollcall/user-access';
import type { NewBooking } from '../bookings/booking.ts';
import type { BookingReads } from '../bookings/booking-reads.ts';
import type { BookingWrites, WriteRequest } from '../bookings/booking-writes.ts';
import { createBooking } from '../bookings/create-booking.ts';
import { getBooking } from '../bookings/get-booking.ts';
import { listBookings } from '../bookings/list-bookings.ts';
import { fingerprintOf } from './booking-fingerprint.ts';
import { toBookingMessage, viewFromMessage } from './booking-message.ts';
import { listFromRequest } from './list-bookings.ts';
import { newBookingFromMessage } from './new-booking.ts';

/** What the calls work with. */
export interface BookingPorts {
  readonly reads: BookingReads;
  readonly writes: BookingWrites;
  readonly users: Users;
}

/** The calls of BookingService. */
export function bookingServiceImplementation({
  reads,
  writes,
  users,
}: BookingPorts): Implementation<typeof BookingService> {
  return {
    async createBooking(request, call) {
      // Field rules have made sure of `booking` by the time a handler runs.
      const booking = newBookingFromMessage(request.booking as BookingMessage);
      const created = await createBooking(
        { writes, users },
        { tenantId: request.tenantId, booking, signal: call.signal, ...writeRequest(request, booking) },
      );
      return create(CreateBookingResponseSchema, {
        booking: toBookingMessage(created),
        replayed: created.replayed,
      });
    },
    async getBooking(request, call) {
      const shown = await getBooking(reads, users, {
        tenantId: request.tenantId,
        id: request.id.toLowerCase(),
        view: viewFromMessage(request.view),
        signal: call.signal,
      });
      return create(GetBookingResponseSchema, { booking: toBookingMessage(shown) });
    },
    async listBookings(request, call) {
      const { list, tokens } = listFromRequest(request);
      const page = await listBookings(reads, users, { ...list, signal: call.signal });
      return create(ListBookingsResponseSchema, {
        bookings: page.bookings.map(toBookingMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
      });
    },
  };
}

function writeRequest({ requestId }: CreateBookingRequest, booking: NewBooking): { request?: WriteRequest } {
  if (!requestId) return {};
  return { request: { id: requestId.toLowerCase(), fingerprint: fingerprintOf(booking) } };
}
