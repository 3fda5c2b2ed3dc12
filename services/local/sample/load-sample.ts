import { StartupError } from '@rollcall/runtime';
import type { ServiceName } from '../services.ts';
import { loadBooking, loadPet, loadUser, loadVendor } from './load-one.ts';
import { sampleBookings } from './sample-bookings.ts';
import { openSampleClients } from './sample-clients.ts';
import { samplePets } from './sample-pets.ts';
import { sampleUsers } from './sample-users.ts';
import { sampleVendors } from './sample-vendors.ts';

/** Calls at a time: keeps two cores busy, and is less than the services' connections to their databases. Our own choice. */
const CONCURRENCY = 8;

/** How much was loaded. */
export interface LoadedSample {
  readonly users: number;
  readonly vendors: number;
  readonly pets: number;
  readonly bookings: number;
  readonly reviews: number;
}

/**
 * Makes everything in the sample through the services' own calls. Repeating it, whole or after it was interrupted, changes nothing
 * that is there.
 * @param addresses where the services listen for gRPC: `127.0.0.1:50051`
 * @param signal stops it between two calls; it then rejects with the signal's reason
 * @throws StartupError with the first call's fault
 */
export async function loadSample(
  addresses: Readonly<Record<ServiceName, string>>,
  signal: AbortSignal,
): Promise<LoadedSample> {
  using clients = openSampleClients(addresses);
  const users = sampleUsers();
  const [vendors, pets, bookings] = [sampleVendors(users), samplePets(users), sampleBookings(users)];
  try {
    await forEach(users, { signal, run: (each) => loadUser(clients, each) });
    // What others refer to first: users, then whoever offers, then who books.
    await forEach(vendors, { signal, run: (each) => loadVendor(clients, each) });
    await forEach(pets, { signal, run: (each) => loadPet(clients, each) });
    await forEach(bookings, { signal, run: (each) => loadBooking(clients, each) });
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
  return {
    users: users.length,
    vendors: vendors.length,
    pets: pets.length,
    bookings: bookings.length,
    reviews: bookings.filter(({ review }) => review).length,
  };
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
