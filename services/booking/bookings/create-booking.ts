import { Buffer } from 'node:buffer';
import type { KnownUser, Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { requireBookableUser } from './bookable-user.ts';
import type { NewBooking } from './booking.ts';
import { requireDates } from './booking-dates.ts';
import { BookingError } from './booking-error.ts';
import { createReference } from './booking-reference.ts';
import { type ShownBooking, withUsers } from './booking-users.ts';
import type { BookingWrites, WriteRequest } from './booking-writes.ts';

/** What CreateBooking works with. */
export interface CreateBookingPorts {
  readonly writes: BookingWrites;
  readonly users: Users;
  /** Default `createReference`. */
  readonly newReference?: () => string;
}

/** The booking to make. */
export interface CreateBookingCommand {
  readonly tenantId: string;
  readonly booking: NewBooking;
  /** Absent: a repeat makes another booking. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

/** A booking, in full. */
export interface CreatedBooking extends ShownBooking {
  /** An earlier call with the same request id made it. */
  readonly replayed: boolean;
}

// With 32^8 references, even a second draw is rare; after this many something else is wrong.
const MAX_DRAWS = 5;

/**
 * Makes a booking, once per request.
 * Throws BookingError DATES_INVALID, REQUEST_ID_REUSED, USER_NOT_BOOKABLE, USER_UNKNOWN_NOW, REFERENCE_TAKEN.
 */
export async function createBooking(
  ports: CreateBookingPorts,
  command: CreateBookingCommand,
): Promise<CreatedBooking> {
  const { tenantId, booking, signal } = command;
  requireDates(booking);
  // Before the user is looked at: what was done stays done, whatever became of the user since.
  const before = await replay(ports, command);
  if (before) return before;
  const { userId } = booking;
  const user = userId ? await requireBookableUser(ports.users, { tenantId, userId }, signal) : undefined;
  return insertOrReplay(ports, command, user);
}

async function insertOrReplay(
  ports: CreateBookingPorts,
  command: CreateBookingCommand,
  user: KnownUser | undefined,
): Promise<CreatedBooking> {
  const { tenantId, booking, request } = command;
  const draws = booking.reference ? 1 : MAX_DRAWS;
  for (let draw = 0; draw < draws; draw++) {
    const now = new Date();
    const reference = booking.reference || (ports.newReference ?? createReference)();
    const made = { ...booking, tenantId, id: uuidv7(), reference, createTime: now, updateTime: now };
    if (await ports.writes.insert(made, request)) return { booking: made, user, replayed: false };
    // The same request may have been at work at the same time, and faster.
    const before = await replay(ports, command);
    if (before) return before;
  }
  if (!booking.reference) throw new Error(`${draws} drawn references were all taken`);
  throw referenceTaken(tenantId, booking.reference);
}

async function replay(
  { writes, users }: CreateBookingPorts,
  { tenantId, request, signal }: CreateBookingCommand,
): Promise<CreatedBooking | undefined> {
  const before = request && (await writes.findByRequest(tenantId, request.id));
  if (!before) return undefined;
  if (!Buffer.from(request.fingerprint).equals(before.fingerprint)) throw requestIdReused(request.id);
  const [shown] = await withUsers(users, [before.booking], signal);
  return shown && { ...shown, replayed: true };
}

function requestIdReused(requestId: string): BookingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BookingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}

function referenceTaken(tenantId: string, reference: string): BookingError {
  const message = `Another booking of tenant ${tenantId} has the reference ${reference}.`;
  return new BookingError('REFERENCE_TAKEN', message, { metadata: { tenant_id: tenantId, reference } });
}
