// Public API of @rollcall/billing: the service, its settings and its webhooks, for processes that embed it.
export { BILLING_SETTINGS, type BillingConfig } from './config.ts';
export { type BillingService, createBillingService } from './service.ts';
export { openWebhooks, type Webhooks, type WebhooksOptions } from './webhooks/open-webhooks.ts';
