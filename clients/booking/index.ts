// Public API of @rollcall/booking-client: typed clients of bookings, pets and reviews.

import { BookingService, PetService, ReviewService } from '@rollcall/contract/booking';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of BookingService, with `close`. */
export type BookingClient = ServiceClient<typeof BookingService>;

/** Connect's typed client of PetService, with `close`. */
export type PetClient = ServiceClient<typeof PetService>;

/** Connect's typed client of ReviewService, with `close`. */
export type ReviewClient = ServiceClient<typeof ReviewService>;

/**
 * Creates a client of bookings. Reads are retried. Writes are not: repeat CreateBooking with its `requestId`,
 * and other writes as they are.
 * @throws TransportOptionError when an option cannot be used
 */
export function createBookingClient(options: ConnectionOptions): BookingClient {
  return createServiceClient(BookingService, options);
}

/**
 * Creates a client of pets. Reads are retried. Writes are not: repeat CreatePet with its `requestId`, and
 * other writes as they are.
 * @throws TransportOptionError when an option cannot be used
 */
export function createPetClient(options: ConnectionOptions): PetClient {
  return createServiceClient(PetService, options);
}

/**
 * Creates a client of reviews. Reads are retried. Writes are not: repeat CreateReview with its `requestId`,
 * and other writes as they are.
 * @throws TransportOptionError when an option cannot be used
 */
export function createReviewClient(options: ConnectionOptions): ReviewClient {
  return createServiceClient(ReviewService, options);
}
