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

/** Name of the outbox task that reports payments to the booking service. It is stored in queued jobs. */
export const BOOKING_TASK = 'booking.payment';

/** The key of a booking in the booking service. */
interface BookingRef {
  readonly tenantId: string;
  readonly bookingId: string;
}

/** Payload of the task. */
interface BookingJob extends BookingRef {
  /**
   * The currency of a payment that is or was for the booking. A booking without payments is reported as 0
   * in it.
   */
  readonly currency: string;
}

/**
 * Creates the job to add in each transaction that changes the payments of a booking. The sums are read
 * when the job runs, so that one queued job covers any number of changes.
 */
export function bookingJob({ tenantId, bookingId, currency }: BookingJob): OutboxJob {
  return { task: BOOKING_TASK, payload: { tenantId, bookingId, currency }, key: `${tenantId}/${bookingId}` };
}

/** The captured and refunded amounts of a booking in one currency. */
export interface BookingSum {
  /** The time of the last capture or refund. Absent: unknown. */
  readonly time?: Date;
  readonly paid: Money;
  readonly refunded: Money;
}

/** Sums of the committed payments. */
export interface PaymentSums {
  /**
   * Sums the captured less the refunded amounts of exactly this user id by currency, with the time of the
   * last activity.
   */
  ofUser(tenantId: string, userId: string): Promise<UserStatistics>;
  /**
   * Sums the payments of a booking by currency, that of the first payment first. Empty when no money was
   * captured.
   */
  ofBooking(booking: BookingRef): Promise<readonly BookingSum[]>;
  /**
   * Returns a revision above all earlier ones of this booking. Sums that are read after the call include
   * all that earlier revisions reported.
   */
  takeRevision(booking: BookingRef): Promise<bigint>;
}

/** The deadline of one call, in ms. No caller waits for it. */
const CALL_TIMEOUT_MS = 5000;

/**
 * Creates the task that runs `bookingJob`. It may run repeatedly: the booking service ignores a lower
 * revision.
 */
export function bookingPaymentTask(bookings: BookingClient, sums: PaymentSums): OutboxTask {
  return async (payload, { signal }) => {
    // Jobs from before this field have no currency.
    const booking = payload as BookingRef & Partial<BookingJob>;
    // Before the sums are read, so that a delayed call cannot overwrite a later one.
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

// All payments of the booking moved to other bookings: the earlier report is reset to 0.
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

// These affect every job alike: bad credentials, rate limits, or a method that the service lacks.
const AWAY = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

// The payment names an unknown booking: the job is dead, and is retried by hand once the booking exists.
const REFUSALS = new Set([Code.InvalidArgument, Code.NotFound, Code.FailedPrecondition, Code.OutOfRange]);
