import type { ShownUser, Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { referenceTaken } from '../errors.ts';
import { reportsOfNewBooking } from '../outbox/user-reports.ts';
import { requireActiveUsers } from '../require-active-users.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import { createReference, type NewBooking, requireDates } from './booking.ts';
import { type BookingPets, requirePets } from './booking-pets.ts';
import type { BookingWrites } from './booking-store.ts';
import { type BookingWithUsers, bookingWithUsers } from './booking-with-users.ts';

export interface CreateBookingPorts {
  readonly writes: BookingWrites;
  readonly users: Users;
  readonly pets: BookingPets;
  /** @defaultValue `createReference` */
  readonly newReference?: () => string;
}

interface CreateBookingCommand {
  readonly tenantId: string;
  readonly booking: NewBooking;
  /** Absent: a repeated call creates another booking. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

interface CreatedBooking extends BookingWithUsers {
  /** An earlier call with the same request id created it. */
  readonly replayed: boolean;
}

// Of 32^8 references, a second draw is rare already; after five, another fault is likely.
const MAX_DRAWS = 5;

/**
 * Creates a booking, once per request id.
 * @throws BookingError DATES_INVALID, REQUEST_ID_REUSED, USER_NOT_BOOKABLE, USER_UNKNOWN_NOW, PET_NOT_FOUND,
 * REFERENCE_TAKEN
 */
export async function createBooking(
  ports: CreateBookingPorts,
  command: CreateBookingCommand,
): Promise<CreatedBooking> {
  const { tenantId, booking, signal } = command;
  requireDates(booking);
  // Before the lookup of users: a finished request stays finished, whatever happened to the users since.
  const before = await replay(ports, command);
  if (before) return before;
  const userIds = [booking.userId, booking.vendorId].filter((id) => id !== null);
  const known = await requireActiveUsers(ports.users, { tenantId, userIds, signal });
  await requirePets(ports.pets, { tenantId, booking, owner: known.get(booking.userId ?? '') });
  return insertOrReplay(ports, command, known);
}

async function insertOrReplay(
  ports: CreateBookingPorts,
  command: CreateBookingCommand,
  known: ReadonlyMap<string, ShownUser>,
): Promise<CreatedBooking> {
  const { tenantId, booking, request } = command;
  const draws = booking.reference ? 1 : MAX_DRAWS;
  for (let draw = 0; draw < draws; draw++) {
    const now = new Date();
    const reference = booking.reference || (ports.newReference ?? createReference)();
    const times = { createTime: now, updateTime: now };
    const made = { ...booking, tenantId, id: uuidv7(), reference, payment: null, ...times };
    if (await ports.writes.insert(made, request, reportsOfNewBooking(made))) {
      const [user, vendor] = [known.get(made.userId ?? ''), known.get(made.vendorId ?? '')];
      return { booking: made, user, vendor, replayed: false };
    }
    // A concurrent call with the same request id may have been faster.
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
  requireSameRequest(request, before.fingerprint);
  return { ...(await bookingWithUsers(users, before.booking, signal)), replayed: true };
}
