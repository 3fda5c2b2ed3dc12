import { CustomerService, InvoiceService, PaymentService, PlanService } from '@rollcall/contract/billing';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of PlanService, with `close`. */
export type PlanClient = ServiceClient<typeof PlanService>;
/** Connect's typed client of CustomerService, with `close`. */
export type CustomerClient = ServiceClient<typeof CustomerService>;
/** Connect's typed client of InvoiceService, with `close`. */
export type InvoiceClient = ServiceClient<typeof InvoiceService>;
/** Connect's typed client of PaymentService, with `close`. */
export type PaymentClient = ServiceClient<typeof PaymentService>;

/** Makes a client of what is sold. Its reads are retried, its writes are not. Throws TransportOptionError. */
export function createPlanClient(options: ConnectionOptions): PlanClient {
  return createServiceClient(PlanService, options);
}

/**
 * Makes a client of who pays. Its reads are retried, its writes are not: repeat those with the same `requestId`.
 * Throws TransportOptionError.
 */
export function createCustomerClient(options: ConnectionOptions): CustomerClient {
  return createServiceClient(CustomerService, options);
}

/**
 * Makes a client of invoices. Its reads are retried, its writes are not: repeat those with the same `requestId`.
 * Throws TransportOptionError.
 */
export function createInvoiceClient(options: ConnectionOptions): InvoiceClient {
  return createServiceClient(InvoiceService, options);
}

/**
 * Makes a client of payments. Its reads are retried, its writes are not: repeat those with the same `requestId`.
 * Throws TransportOptionError.
 */
export function createPaymentClient(options: ConnectionOptions): PaymentClient {
  return createServiceClient(PaymentService, options);
}
