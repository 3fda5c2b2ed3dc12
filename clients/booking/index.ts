// The door of @rollcall/booking-client.
export { type BookingClient, createBookingClient } from './booking-client.ts';
