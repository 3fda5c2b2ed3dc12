import type { CreateBookingRequest } from '@rollcall/contract/booking';
import type { Link } from '../plan/row-index.ts';
import type { Services } from './connect-services.ts';
import { type RetryCall, refusalOf } from './retry-calls.ts';

/** Result of one row. */
export type Outcome =
  | { readonly kind: 'linked'; readonly isNew: boolean }
  | { readonly kind: 'unlinked'; readonly isNew: boolean; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

const KEPT_OTHERWISE =
  'an earlier import made this booking with other content, such as another --currency or user; it is left as it is';
const KEPT_UNLINKED = 'an earlier import made this booking without a user; it is left as it is';
const NOT_BOOKABLE = 'the user of this e-mail is suspended or deleted';

export interface BookContext {
  readonly services: Services;
  readonly call: RetryCall;
  readonly signal: AbortSignal;
}

/**
 * Creates the booking of a row, with its user when there is one. When the service refuses the user, or an
 * earlier import made the booking without it, the call is repeated without the user and with an equal request
 * id, so that one booking results.
 */
export async function bookRow(
  request: CreateBookingRequest,
  link: Link,
  context: BookContext,
): Promise<Outcome> {
  if ('reason' in link) return bookUnlinked(request, link.reason, context);
  const { isNew, refusal } = await tryToBook(request, link.userId, context);
  switch (refusal) {
    case undefined:
      return { kind: 'linked', isNew };
    case 'USER_NOT_BOOKABLE':
      return bookUnlinked(request, NOT_BOOKABLE, context);
    case 'REQUEST_ID_REUSED':
      return bookUnlinked(request, KEPT_UNLINKED, context);
    default:
      return { kind: 'refused', reason: `the booking service refused it: ${refusal}` };
  }
}

async function bookUnlinked(
  request: CreateBookingRequest,
  reason: string,
  context: BookContext,
): Promise<Outcome> {
  const { isNew, refusal } = await tryToBook(request, '', context);
  if (refusal === undefined) return { kind: 'unlinked', isNew, reason };
  if (refusal === 'REQUEST_ID_REUSED') return { kind: 'refused', reason: KEPT_OTHERWISE };
  return { kind: 'refused', reason: `the booking service refused it: ${refusal}` };
}

async function tryToBook(
  request: CreateBookingRequest,
  userId: string,
  { services, call, signal }: BookContext,
): Promise<{ isNew: boolean; refusal?: string }> {
  if (!request.booking) throw new Error('a booking request without a booking');
  request.booking.userId = userId;
  try {
    const { replayed } = await call(() => services.bookings.createBooking(request, { signal }));
    return { isNew: !replayed };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { isNew: false, refusal };
  }
}
