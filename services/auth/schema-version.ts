// npm run generate writes this file from migrations/auth.

/** Name of the newest migration of the auth database. The service does not start before it was applied. */
export const SCHEMA_VERSION = '2026-12-02-more-folded-letters';
