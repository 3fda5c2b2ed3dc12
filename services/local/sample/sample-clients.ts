import {
  type CustomerClient,
  createCustomerClient,
  createInvoiceClient,
  createPaymentClient,
  createPlanClient,
  type InvoiceClient,
  type PaymentClient,
  type PlanClient,
} from '@rollcall/billing-client';
import { BookingService, PetService, ReviewService } from '@rollcall/contract/booking';
import { UserAdminService } from '@rollcall/contract/user';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import {
  type ActivityClient,
  createActivityClient,
  createVendorClient,
  type VendorClient,
} from '@rollcall/vendor-client';
import type { ServiceName } from '../settings.ts';

/** The first calls meet services that are still warming up. */
const TIMEOUT_MS = 10_000;

/** Clients that load the sample. Disposing closes them. */
export interface SampleClients extends Disposable {
  readonly admin: ServiceClient<typeof UserAdminService>;
  readonly bookings: ServiceClient<typeof BookingService>;
  readonly pets: ServiceClient<typeof PetService>;
  readonly reviews: ServiceClient<typeof ReviewService>;
  readonly vendors: VendorClient;
  readonly activities: ActivityClient;
  readonly plans: PlanClient;
  readonly customers: CustomerClient;
  readonly invoices: InvoiceClient;
  readonly payments: PaymentClient;
}

/** Makes the clients, which connect on demand. */
export function openSampleClients(addresses: Readonly<Record<ServiceName, string>>): SampleClients {
  using stack = new DisposableStack();
  const optionsOf = (service: ServiceName) => ({
    address: addresses[service],
    defaultTimeoutMs: TIMEOUT_MS,
  });
  const clients = {
    admin: stack.use(createServiceClient(UserAdminService, optionsOf('auth'))),
    bookings: stack.use(createServiceClient(BookingService, optionsOf('booking'))),
    pets: stack.use(createServiceClient(PetService, optionsOf('booking'))),
    reviews: stack.use(createServiceClient(ReviewService, optionsOf('booking'))),
    vendors: stack.use(createVendorClient(optionsOf('vendor'))),
    activities: stack.use(createActivityClient(optionsOf('vendor'))),
    plans: stack.use(createPlanClient(optionsOf('billing'))),
    customers: stack.use(createCustomerClient(optionsOf('billing'))),
    invoices: stack.use(createInvoiceClient(optionsOf('billing'))),
    payments: stack.use(createPaymentClient(optionsOf('billing'))),
  };
  const closers = stack.move();
  return { ...clients, [Symbol.dispose]: () => closers.dispose() };
}
