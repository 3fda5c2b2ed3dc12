// The door of the booking service, for whoever starts it in a process of their own making.
export { BOOKING_SETTINGS, type BookingConfig } from './config.ts';
export { type BookingService, createBookingService } from './service.ts';
