import { BookingService, PetService, ReviewService } from '@rollcall/contract/booking';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of BookingService, with `close`. */
export type BookingClient = ServiceClient<typeof BookingService>;

/** The same of PetService. */
export type PetClient = ServiceClient<typeof PetService>;

/** The same of ReviewService. */
export type ReviewClient = ServiceClient<typeof ReviewService>;

/**
 * Makes a client of the booking service. Its reads are retried; its writes are not: repeat CreateBooking with the same
 * `requestId`, the others as they are. Throws TransportOptionError.
 */
export function createBookingClient(options: ConnectionOptions): BookingClient {
  return createServiceClient(BookingService, options);
}

/** The same for pets. Throws TransportOptionError. */
export function createPetClient(options: ConnectionOptions): PetClient {
  return createServiceClient(PetService, options);
}

/** The same for reviews. Throws TransportOptionError. */
export function createReviewClient(options: ConnectionOptions): ReviewClient {
  return createServiceClient(ReviewService, options);
}
