// The door of @rollcall/billing-client.
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
