// npm run generate writes this file from migrations/booking.

/** Name of the newest migration of the booking database. The service does not start before it was applied. */
export const SCHEMA_VERSION = '2026-12-02-booking-erased-users';
