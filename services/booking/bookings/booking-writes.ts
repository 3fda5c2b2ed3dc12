import type { Booking } from './booking.ts';

/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/** What a request did when it came first. */
export interface EarlierWrite {
  /** The booking as it is now, in full. */
  readonly booking: Booking;
  readonly fingerprint: Uint8Array;
}

/** How bookings are written. */
export interface BookingWrites {
  /** What this request id did before; undefined: it is new. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite | undefined>;
  /**
   * Adds a booking, noted as the work of `request`. False, and nothing is added: the tenant has its reference or the
   * request's id already, both of which are waited for where another caller is about to add them.
   */
  insert(booking: Booking, request: WriteRequest | undefined): Promise<boolean>;
}
