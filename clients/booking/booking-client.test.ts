import { BookingService } from '@rollcall/contract/booking';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { describe, expect, it } from 'vitest';
import { createBookingClient } from './index.ts';

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

  it('needs to know where', () => {
    expect(() => createBookingClient({})).toThrow(
      expect.objectContaining({ reason: 'option_invalid', option: 'address' }),
    );
  });
});
