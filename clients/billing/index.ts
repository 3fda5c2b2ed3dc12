// Public API of @rollcall/billing-client: typed clients of plans, customers, invoices and payments.

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

/**
 * Creates a client of plans. Reads are retried. Writes are not.
 * @throws TransportOptionError when an option cannot be used
 */
export function createPlanClient(options: ConnectionOptions): PlanClient {
  return createServiceClient(PlanService, options);
}

/**
 * Creates a client of customers. Reads are retried. Writes are not: repeat a write with its `requestId`.
 * @throws TransportOptionError when an option cannot be used
 */
export function createCustomerClient(options: ConnectionOptions): CustomerClient {
  return createServiceClient(CustomerService, options);
}

/**
 * Creates a client of invoices. Reads are retried. Writes are not: repeat a write with its `requestId`.
 * @throws TransportOptionError when an option cannot be used
 */
export function createInvoiceClient(options: ConnectionOptions): InvoiceClient {
  return createServiceClient(InvoiceService, options);
}

/**
 * Creates a client of payments. Reads are retried. Writes are not: repeat a write with its `requestId`.
 * @throws TransportOptionError when an option cannot be used
 */
export function createPaymentClient(options: ConnectionOptions): PaymentClient {
  return createServiceClient(PaymentService, options);
}
