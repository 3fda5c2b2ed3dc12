import { BookingService } from '@rollcall/contract/booking';
import { UserAdminService } from '@rollcall/contract/user';
import { StartupError } from '@rollcall/runtime';
import { createServiceClient } from '@rollcall/transport';
import { sampleBookings } from './sample-bookings.ts';
import { sampleUsers } from './sample-users.ts';

/** Calls at a time: keeps two cores busy, and is less than the services' connections to their databases. Our own choice. */
const CONCURRENCY = 8;
/** The first calls meet services that are still warming up. */
const TIMEOUT_MS = 10_000;

/** Where the services listen for gRPC: `127.0.0.1:50051`. */
export interface SampleAddresses {
  auth: string;
  booking: string;
}

/** How much was loaded. */
export interface LoadedSample {
  users: number;
  bookings: number;
}

/**
 * Makes the sample's users and bookings through the services' own calls. Repeating it, whole or after it was interrupted, changes nothing
 * that is there.
 * @param signal stops it between two calls; it then rejects with the signal's reason
 * @throws StartupError with the first call's fault
 */
export async function loadSample(addresses: SampleAddresses, signal: AbortSignal): Promise<LoadedSample> {
  using admin = createServiceClient(UserAdminService, {
    address: addresses.auth,
    defaultTimeoutMs: TIMEOUT_MS,
  });
  using booking = createServiceClient(BookingService, {
    address: addresses.booking,
    defaultTimeoutMs: TIMEOUT_MS,
  });
  const users = sampleUsers();
  const bookings = sampleBookings(users);
  try {
    await forEach(users, { signal, run: (request) => admin.createUser(request) });
    await forEach(bookings, { signal, run: (request) => booking.createBooking(request) });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(
      `The sample data could not be loaded (${reason}): start again to go on, or with --no-sample to do without`,
      {
        cause: error,
      },
    );
  }
  return { users: users.length, bookings: bookings.length };
}

async function forEach<T>(
  items: readonly T[],
  { signal, run }: { signal: AbortSignal; run: (item: T) => Promise<unknown> },
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      signal.throwIfAborted();
      await run(item);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
