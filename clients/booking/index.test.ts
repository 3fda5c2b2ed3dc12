import { BookingService, PetService, ReviewService } from '@rollcall/contract/booking';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { describe, expect, it } from 'vitest';
import { createBookingClient, createPetClient, createReviewClient } from './index.ts';

describe('createBookingClient', () => {
  it('calls the booking service until it is closed', async () => {
    await using server = await startGrpcTestServer(BookingService, {
      getBooking: ({ tenantId, id }) => ({ booking: { tenantId, id, reference: 'R1' } }),
    });
    using bookings = createBookingClient({ address: server.address });
    const { booking } = await bookings.getBooking({ tenantId: 'acme', id: 'b1' });
    expect(booking).toMatchObject({ tenantId: 'acme', id: 'b1', reference: 'R1' });
    bookings.close();
    await expect(bookings.getBooking({})).rejects.toThrow('the transport is closed');
  });
});

describe('createPetClient', () => {
  it('calls the pet service', async () => {
    await using server = await startGrpcTestServer(PetService, {
      getPet: ({ tenantId, id }) => ({ pet: { tenantId, id, name: 'Rex' } }),
    });
    using pets = createPetClient({ address: server.address });
    const { pet } = await pets.getPet({ tenantId: 'acme', id: 'p1' });
    expect(pet).toMatchObject({ tenantId: 'acme', id: 'p1', name: 'Rex' });
  });
});

describe('createReviewClient', () => {
  it('calls the review service', async () => {
    await using server = await startGrpcTestServer(ReviewService, {
      getReview: ({ tenantId, id }) => ({ review: { tenantId, id, rating: 4 } }),
    });
    using reviews = createReviewClient({ address: server.address });
    const { review } = await reviews.getReview({ tenantId: 'acme', id: 'r1' });
    expect(review).toMatchObject({ tenantId: 'acme', id: 'r1', rating: 4 });
  });
});

it.each([createBookingClient, createPetClient, createReviewClient])(
  '%o requires an address or a transport',
  (createIt) => {
    expect(() => createIt({})).toThrow(
      expect.objectContaining({ reason: 'option_invalid', option: 'address' }),
    );
  },
);
