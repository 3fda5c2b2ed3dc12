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
 * Calls at a time: keeps two cores busy, and is less than the services' connections to their databases. Our
 * own choice.
 */
const CONCURRENCY = 8;

/** How much was loaded. */
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

/** Where the sample is loaded into. */
export interface SampleTarget {
  /** Where the services listen for gRPC: `127.0.0.1:50051`. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** Undefined: there is nothing to sign events of Stripe with, and the sample has no payments. */
  readonly webhook: WebhookTarget | undefined;
}

/**
 * Makes everything in the sample through the services' own calls. Repeating it, whole or after it was
 * interrupted, changes nothing that is there. Calls that fail for a time are repeated.
 * @param options whose signal stops it between two calls; it then rejects with the signal's reason
 * @throws StartupError with the fault of the call that did not succeed
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
    // What others refer to first: users, then whoever offers, then who books.
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

/** For people: `200 users, 16 vendors`. */
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
