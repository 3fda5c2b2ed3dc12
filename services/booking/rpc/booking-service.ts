import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Money } from '@rollcall/contract';
import {
  type Booking as BookingMessage,
  type BookingService,
  ChangeBookingStatusResponseSchema,
  CreateBookingResponseSchema,
  GetBookingResponseSchema,
  ListBookingsResponseSchema,
  type MoneyReceived,
  type RecordBookingPaymentRequest,
  RecordBookingPaymentResponseSchema,
} from '@rollcall/contract/booking';
import {
  type Call,
  type Implementation,
  invalidField,
  requireStorable,
  writeRequest,
} from '@rollcall/runtime/rpc';
import type { Booking, NewBooking, Payment, ReceivedMoney } from '../bookings/booking.ts';
import { bookingWithUsers } from '../bookings/booking-with-users.ts';
import { changeBookingStatus } from '../bookings/change-booking.ts';
import { type CreateBookingPorts, createBooking } from '../bookings/create-booking.ts';
import { getBooking, type ListBookingsPorts, listBookings } from '../bookings/read-bookings.ts';
import { type RecordPaymentPorts, recordPayment } from '../payments/record-payment.ts';
import {
  contactDetailsFromMessage,
  statusFromMessage,
  toBookingMessage,
  viewFromMessage,
} from './booking-message.ts';
import { listFromRequest } from './list-request.ts';

type BookingPorts = CreateBookingPorts & ListBookingsPorts & RecordPaymentPorts;

/** Implements BookingService. */
export function bookingServiceImplementation(ports: BookingPorts): Implementation<typeof BookingService> {
  const { reads, writes, users } = ports;
  const toShownMessage = async (booking: Booking, { signal }: Call) =>
    toBookingMessage(await bookingWithUsers(users, booking, signal));
  return {
    async createBooking({ tenantId, requestId, booking: message }, { signal }) {
      // Field rules guarantee `booking`.
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
      return create(ChangeBookingStatusResponseSchema, { booking: await toShownMessage(booking, call) });
    },
    async recordBookingPayment(request, call) {
      const name = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const booking = await recordPayment(ports, {
        ...name,
        payment: paymentFromRequest(request),
        happenTime: request.time && timestampDate(request.time),
      });
      return create(RecordBookingPaymentResponseSchema, { booking: await toShownMessage(booking, call) });
    },
    async listBookings(request, call) {
      const { list, tokens } = listFromRequest(request);
      const page = await listBookings(ports, { ...list, signal: call.signal });
      return create(ListBookingsResponseSchema, {
        bookings: page.rows.map(toBookingMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
      });
    },
  };
}

/**
 * Reads the booking of CreateBooking, without output-only fields.
 * @throws RpcError FIELD_INVALID
 */
function newBookingFromMessage(booking: BookingMessage): NewBooking {
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

/**
 * Reads the payments of RecordBookingPayment.
 * @throws RpcError FIELD_INVALID
 */
function paymentFromRequest(request: RecordBookingPaymentRequest): Payment {
  const { revision, otherPayments } = request;
  const first = receivedFromMessage('', request);
  const others = otherPayments.map((each, i) => receivedFromMessage(`other_payments[${i}].`, each));
  const seen = new Set([first.currencyCode]);
  for (const [i, { currencyCode }] of others.entries()) {
    if (seen.has(currencyCode))
      throw invalidField(`other_payments[${i}].paid.currency_code`, 'must not stand in an entry before');
    seen.add(currencyCode);
  }
  return { ...first, others, revision };
}

function receivedFromMessage(
  place: string,
  message: Pick<MoneyReceived, 'paid' | 'refunded'>,
): ReceivedMoney {
  // Field rules guarantee `paid`.
  const { currencyCode, minorUnits: paid } = message.paid as Money;
  const refunded = message.refunded?.minorUnits ?? 0n;
  if (paid < 0n) throw invalidField(`${place}paid.minor_units`, 'must not be negative');
  if (refunded < 0n) throw invalidField(`${place}refunded.minor_units`, 'must not be negative');
  if (message.refunded && message.refunded.currencyCode !== currencyCode)
    throw invalidField(`${place}refunded.currency_code`, `must be that of paid, ${currencyCode}`);
  if (refunded > paid) throw invalidField(`${place}refunded.minor_units`, 'must not be more than was paid');
  return { currencyCode, paid, refunded };
}
