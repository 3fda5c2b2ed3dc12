// npm run generate writes this file from migrations/vendor.

/** Name of the newest migration of the vendor database. The service does not start before it was applied. */
export const SCHEMA_VERSION = '2026-12-02-vendor-erased-users';
