import { Buffer } from 'node:buffer';
import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Booking as BookingMessage,
  BookingSchema,
  BookingUserSchema,
  PaymentMatch as MatchMessage,
  BookingUserOutcome as OutcomeMessage,
  BookingStatus as StatusMessage,
  type BookingUser as UserMessage,
  BookingView as ViewMessage,
} from '@rollcall/contract/booking';
import { structFault } from '@rollcall/contract/request-content';
import { invalidField } from '@rollcall/runtime/rpc';
import { type ShownUser, toAttachedUser } from '@rollcall/user-access';
import type { Booking, BookingStatus, BookingView, Payment, ReceivedMoney } from '../bookings/booking.ts';
import type { BookingWithUsers } from '../bookings/booking-with-users.ts';
import { matchOf, type PaymentMatch } from '../payments/payment-match.ts';

/** Field rules refuse views that the contract does not name. */
export function viewFromMessage(view: ViewMessage): BookingView {
  return view === ViewMessage.FULL ? 'FULL' : 'BASIC';
}

export function toBookingMessage({ booking, user, vendor }: BookingWithUsers): BookingMessage {
  const init = bareBooking(booking);
  if (user) init.user = toUserMessage(user);
  if (vendor) init.vendor = toAttachedUser(vendor);
  return create(BookingSchema, init);
}

function bareBooking(booking: Booking): MessageInitShape<typeof BookingSchema> {
  const init: MessageInitShape<typeof BookingSchema> = {
    id: booking.id,
    tenantId: booking.tenantId,
    reference: booking.reference,
    userId: booking.userId ?? '',
    vendorId: booking.vendorId ?? '',
    petIds: [...booking.petIds],
    status: StatusMessage[booking.status],
    startDate: booking.startDate,
    endDate: booking.endDate,
    title: booking.title,
    createTime: timestampFromDate(booking.createTime),
    updateTime: timestampFromDate(booking.updateTime),
  };
  if (booking.contactDetails) init.contactDetails = booking.contactDetails as JsonObject;
  if (booking.amount) init.amount = booking.amount;
  if (booking.payment) Object.assign(init, toPaymentMessages(booking, booking.payment));
  return init;
}

function toPaymentMessages(booking: Booking, payment: Payment): MessageInitShape<typeof BookingSchema> {
  return {
    ...toReceivedMessage(payment),
    otherPayments: payment.others.map(toReceivedMessage),
    paymentMatch: MATCHES[matchOf(booking)],
  };
}

const MATCHES = {
  NOTHING: MatchMessage.UNSPECIFIED,
  FULL: MatchMessage.FULL,
  PARTIAL: MatchMessage.PARTIAL,
  EXCESS: MatchMessage.EXCESS,
  OTHER_CURRENCY: MatchMessage.OTHER_CURRENCY,
  AMOUNT_UNKNOWN: MatchMessage.AMOUNT_UNKNOWN,
} as const satisfies Record<PaymentMatch, MatchMessage>;

// An amount of zero is absent.
function toReceivedMessage({ currencyCode, paid, refunded }: ReceivedMoney) {
  return {
    ...(paid > 0n && { paid: { currencyCode, minorUnits: paid } }),
    ...(refunded > 0n && { refunded: { currencyCode, minorUnits: refunded } }),
  };
}

const OUTCOMES = {
  found: OutcomeMessage.FOUND,
  deleted: OutcomeMessage.DELETED,
  missing: OutcomeMessage.MISSING,
  unavailable: OutcomeMessage.UNAVAILABLE,
} as const satisfies Record<ShownUser['outcome'], OutcomeMessage>;

function toUserMessage(known: ShownUser): UserMessage {
  return create(BookingUserSchema, {
    id: known.id,
    outcome: OUTCOMES[known.outcome],
    ...('user' in known && { user: known.user, stale: known.stale }),
  });
}

const STATUSES: Readonly<Record<StatusMessage, BookingStatus>> = {
  [StatusMessage.UNSPECIFIED]: 'PENDING',
  [StatusMessage.PENDING]: 'PENDING',
  [StatusMessage.PAID]: 'PAID',
  [StatusMessage.COMPLETED]: 'COMPLETED',
  [StatusMessage.ATTENDED]: 'ATTENDED',
  [StatusMessage.CANCELLED]: 'CANCELLED',
  [StatusMessage.REFUNDED]: 'REFUNDED',
};

/**
 * Returns the status; UNSPECIFIED is PENDING. Field rules refuse statuses that the contract does not name.
 */
export function statusFromMessage(status: StatusMessage): BookingStatus {
  return STATUSES[status] ?? 'PENDING';
}

/** Bound of contact details as JSON. Bytes. Our own choice: many times an address book's entry. */
export const MAX_CONTACT_BYTES = 16 * 1024;

/**
 * Reads contact details. Null: not given.
 * @throws RpcError FIELD_INVALID when they cannot be stored
 */
export function contactDetailsFromMessage(details: JsonObject | undefined): JsonObject | null {
  if (!details) return null;
  const fault = structFault(details) ?? sizeFault(details);
  if (fault) throw invalidField('booking.contact_details', fault);
  return details;
}

function sizeFault(details: JsonObject): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(details));
  return bytes > MAX_CONTACT_BYTES
    ? `must be at most ${MAX_CONTACT_BYTES} bytes as JSON, and is ${bytes}`
    : undefined;
}
