// Public API of @rollcall/booking-client: typed clients of bookings, pets and reviews.
export {
  type BookingClient,
  createBookingClient,
  createPetClient,
  createReviewClient,
  type PetClient,
  type ReviewClient,
} from './booking-client.ts';
