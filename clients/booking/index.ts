// The door of @rollcall/booking-client.
export {
  type BookingClient,
  createBookingClient,
  createPetClient,
  createReviewClient,
  type PetClient,
  type ReviewClient,
} from './booking-client.ts';
