// Public API of @rollcall/billing-client: typed clients of plans, customers, invoices and payments.
export {
  type CustomerClient,
  createCustomerClient,
  createInvoiceClient,
  createPaymentClient,
  createPlanClient,
  type InvoiceClient,
  type PaymentClient,
  type PlanClient,
} from './billing-clients.ts';
