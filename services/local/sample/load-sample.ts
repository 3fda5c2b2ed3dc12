import type { PaymentState } from '@rollcall/contract/billing';
import { StartupError } from '@rollcall/runtime';
import type { ServiceName } from '../settings.ts';
import { loadBooking, loadPet, loadUser, loadVendor } from './load-one.ts';
import { bookingInvoices } from './money/booking-invoices.ts';
import { bookingPayments } from './money/booking-payments.ts';
import { countPayments, loadCustomer, loadPlans } from './money/load-money.ts';
import type { WebhookTarget } from './money/payment-webhook.ts';
import { SAMPLE_PLANS, sampleCustomers } from './money/sample-plans.ts';
import { createRetryLoad, type RetryLoad, type RetryLoadOptions } from './retry-load.ts';
import { sampleBookings } from './sample-bookings.ts';
import { openSampleClients } from './sample-clients.ts';
import { samplePets } from './sample-pets.ts';
import { sampleUsers } from './sample-users.ts';
import { sampleVendors } from './sample-vendors.ts';

/**
 * Calls at the same time: they keep two cores busy, with fewer calls than database connections. Our own
 * choice.
 */
const CONCURRENCY = 8;

/** Counts of what was loaded. */
export interface LoadedSample {
  readonly users: number;
  readonly vendors: number;
  readonly pets: number;
  readonly bookings: number;
  readonly reviews: number;
  readonly plans: number;
  readonly customers: number;
  readonly payments: number;
  readonly invoices: number;
}

/** Services to load the sample into. */
export interface SampleTarget {
  /** gRPC addresses, such as `127.0.0.1:50051`. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** Undefined when no secret can sign events. The sample has no payments then. */
  readonly webhook: WebhookTarget | undefined;
}

/**
 * Creates the whole sample through calls of the services. It is idempotent, and goes on after an
 * interruption. Calls that fail for a time are repeated.
 * @param options its signal stops the load between two calls
 * @throws StartupError with the fault of the failed call; the signal's reason when it aborts
 */
export async function loadSample(
  { addresses, webhook }: SampleTarget,
  options: RetryLoadOptions,
): Promise<LoadedSample> {
  using clients = openSampleClients(addresses);
  const users = sampleUsers();
  const [vendors, pets, bookings] = [sampleVendors(users), samplePets(users), sampleBookings(users)];
  const [payments, invoices] = [bookingPayments(bookings), bookingInvoices(bookings)];
  const customers = sampleCustomers(users);
  const applied = new Map<string, PaymentState>();
  const { signal } = options;
  const context = { signal, retry: createRetryLoad(options) };
  try {
    await forEach(users, context, (each) => loadUser(clients, each));
    const plans = await context.retry(() => loadPlans(clients));
    // Users first, then vendors, then bookings, which refer to them.
    await forEach(vendors, context, (each) => loadVendor(clients, each));
    await forEach(pets, context, (each) => loadPet(clients, each));
    await forEach(customers, context, (each) => loadCustomer(clients, each, plans));
    await forEach(bookings, context, async (each) => {
      const { reference } = each.request.booking;
      const [payment, invoice] = [payments.get(reference), invoices.get(reference)];
      const isApplied = await loadBooking(clients, each, { payment, invoice, webhook });
      if (payment && isApplied) applied.set(payment.id, payment.state);
    });
    const shown = await context.retry(() => countPayments(clients, applied));
    return {
      ...{ users: users.length, vendors: vendors.length, pets: pets.length, bookings: bookings.length },
      reviews: bookings.filter(({ review }) => review).length,
      ...{
        plans: SAMPLE_PLANS.length,
        customers: customers.length,
        payments: shown,
        invoices: invoices.size,
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new StartupError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Describes the counts: `200 users, 16 vendors`. */
export function describeSample(loaded: LoadedSample): string {
  return Object.entries(loaded)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

async function forEach<T>(
  items: readonly T[],
  { signal, retry }: { signal: AbortSignal; retry: RetryLoad },
  run: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      signal.throwIfAborted();
      await retry(() => run(item));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
