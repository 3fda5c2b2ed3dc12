import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { BookingClient } from '@rollcall/booking-client';
import {
  type OutboxJob,
  OutboxRefusedError,
  type OutboxTask,
  OutboxUnreachableError,
} from '@rollcall/runtime/outbox';
import type { UserStatistics } from '@rollcall/user-access';
import type { Money } from '../money.ts';

/** Tells the booking service what came in for a booking. */
export const BOOKING_TASK = 'booking.payment';

/** A booking of the booking service. */
interface BookingRef {
  readonly tenantId: string;
  readonly bookingId: string;
}

/** What a job to tell what came in for a booking is made of. */
interface BookingJob extends BookingRef {
  /** Of a payment that is or was for it: in this currency it is told that nothing came in, where no payment is left. */
  readonly currency: string;
}

/**
 * A job to add in each transaction that changes what came in for a booking. The sums are read when it is done, so that one that
 * waits is enough for any number of changes.
 */
export function bookingJob({ tenantId, bookingId, currency }: BookingJob): OutboxJob {
  return { task: BOOKING_TASK, payload: { tenantId, bookingId, currency }, key: `${tenantId}/${bookingId}` };
}

/** What came in for a booking in one currency, and what of that went back. */
export interface BookingSum {
  /** When the last of it came in or went back; absent: not known. */
  readonly time?: Date;
  readonly paid: Money;
  readonly refunded: Money;
}

/** What payments come to, as far as they are committed now. */
export interface PaymentSums {
  /** What payments of exactly this user id brought in less what went back, by currency, and when the last of them came. */
  ofUser(tenantId: string, userId: string): Promise<UserStatistics>;
  /** What payments for a booking came to, one entry a currency, that of the first payment first; empty: nothing ever came in. */
  ofBooking(booking: BookingRef): Promise<readonly BookingSum[]>;
  /** A revision above all that were taken for this booking before; sums that are read after it hold all that earlier ones told. */
  takeRevision(booking: BookingRef): Promise<bigint>;
}

/** The longest that one telling may take, in ms. Our own choice: nobody waits for it. */
const CALL_TIMEOUT_MS = 5000;

/** The task behind `bookingJob`. It may be done again without harm: what is told with a lower revision changes nothing. */
export function bookingPaymentTask(bookings: BookingClient, sums: PaymentSums): OutboxTask {
  return async (payload, { signal }) => {
    // Jobs of before name no currency.
    const booking = payload as BookingRef & Partial<BookingJob>;
    // Before the sums are read: a telling that lost its way cannot undo one that read later.
    const revision = await sums.takeRevision(booking);
    const [first = nothingIn(booking.currency), ...others] = await sums.ofBooking(booking);
    if (!first) return;
    const name = { tenantId: booking.tenantId, id: booking.bookingId };
    const { paid, refunded } = first;
    const time = lastOf([first, ...others]);
    const request = {
      ...{ ...name, revision, paid, refunded, otherPayments: others },
      ...(time && { time: timestampFromDate(time) }),
    };
    try {
      await bookings.recordBookingPayment(request, { signal, timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      throw toOutboxError(error);
    }
  };
}

// All of its payments turned out to be for others: what was told before is to be taken back.
function nothingIn(currencyCode: string | undefined): BookingSum | undefined {
  if (!currencyCode) return undefined;
  const nothing = { currencyCode, minorUnits: 0n };
  return { paid: nothing, refunded: nothing };
}

function lastOf(money: readonly BookingSum[]): Date | undefined {
  const times = money.flatMap(({ time }) => time?.getTime() ?? []);
  return times.length > 0 ? new Date(Math.max(...times)) : undefined;
}

function toOutboxError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  if (AWAY.has(error.code)) return new OutboxUnreachableError(error.message, { cause: error });
  return REFUSALS.has(error.code) ? new OutboxRefusedError(error.message, { cause: error }) : error;
}

// Who is not known, or asks too much, is so with every job alike; so is who asks for more than the service can do yet.
const AWAY = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

// The payment names a booking that there is not: seen as a dead job, and retried by hand where the booking comes after all.
const REFUSALS = new Set([Code.InvalidArgument, Code.NotFound, Code.FailedPrecondition, Code.OutOfRange]);
