// Public API of @rollcall/booking: starts the service in a process of the caller.
export { BOOKING_SETTINGS, type BookingConfig } from './config.ts';
export { type BookingService, createBookingService } from './service.ts';
