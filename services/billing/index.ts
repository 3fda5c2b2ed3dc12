// The door of the billing service, for whoever starts it in a process of their own making.
export { BILLING_SETTINGS, type BillingConfig } from './config.ts';
export { type BillingService, createBillingService } from './service.ts';
export { openWebhooks, type Webhooks, type WebhooksOptions } from './webhooks/open-webhooks.ts';
