import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  type Booking as BookingMessage,
  type BookingService,
  ChangeBookingStatusResponseSchema,
  CreateBookingResponseSchema,
  GetBookingResponseSchema,
  ListBookingsResponseSchema,
  RecordBookingPaymentResponseSchema,
} from '@rollcall/contract/booking';
import { type Call, type Implementation, writeRequest } from '@rollcall/runtime/rpc';
import type { Booking } from '../bookings/booking.ts';
import { showBooking } from '../bookings/booking-with-users.ts';
import { changeBookingStatus } from '../bookings/change-booking-status.ts';
import { type CreateBookingPorts, createBooking } from '../bookings/create-booking.ts';
import { getBooking } from '../bookings/get-booking.ts';
import { type ListBookingsPorts, listBookings } from '../bookings/list-bookings.ts';
import { type RecordPaymentPorts, recordPayment } from '../payments/record-payment.ts';
import { toBookingMessage, viewFromMessage } from './booking-message.ts';
import { statusFromMessage } from './booking-status.ts';
import { listFromRequest } from './list-request.ts';
import { newBookingFromMessage } from './new-booking.ts';
import { paymentFromRequest } from './payment.ts';

/** What the calls work with. */
export type BookingPorts = CreateBookingPorts & ListBookingsPorts & RecordPaymentPorts;

/** The calls of BookingService. */
export function bookingServiceImplementation(ports: BookingPorts): Implementation<typeof BookingService> {
  const { reads, writes, users } = ports;
  const shown = async (booking: Booking, { signal }: Call) =>
    toBookingMessage(await showBooking(users, booking, signal));
  return {
    async createBooking({ tenantId, requestId, booking: message }, { signal }) {
      // Field rules have made sure of `booking` by the time a handler runs.
      const booking = newBookingFromMessage(message as BookingMessage);
      const request = writeRequest(requestId, booking);
      const created = await createBooking(ports, { tenantId, booking, signal, ...request });
      const { replayed } = created;
      return create(CreateBookingResponseSchema, { booking: toBookingMessage(created), replayed });
    },
    async getBooking(request, call) {
      const booking = await getBooking(reads, users, {
        tenantId: request.tenantId,
        id: request.id.toLowerCase(),
        view: viewFromMessage(request.view),
        signal: call.signal,
      });
      return create(GetBookingResponseSchema, { booking: toBookingMessage(booking) });
    },
    async changeBookingStatus({ tenantId, id, status }, call) {
      const command = { tenantId, id: id.toLowerCase(), status: statusFromMessage(status) };
      const booking = await changeBookingStatus(writes, command);
      return create(ChangeBookingStatusResponseSchema, { booking: await shown(booking, call) });
    },
    async recordBookingPayment(request, call) {
      const name = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const booking = await recordPayment(ports, {
        ...name,
        payment: paymentFromRequest(request),
        happenTime: request.time && timestampDate(request.time),
      });
      return create(RecordBookingPaymentResponseSchema, { booking: await shown(booking, call) });
    },
    async listBookings(request, call) {
      const { list, tokens } = listFromRequest(request);
      const page = await listBookings(ports, { ...list, signal: call.signal });
      return create(ListBookingsResponseSchema, {
        bookings: page.bookings.map(toBookingMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
      });
    },
  };
}
