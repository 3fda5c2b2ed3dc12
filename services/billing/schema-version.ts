// npm run generate writes this file from migrations/billing.

/** Name of the newest migration of the billing database. The service does not start before it was applied. */
export const SCHEMA_VERSION = '2026-12-02-fractional-payments';
