import type { Money } from '@rollcall/contract';
import type { RecordBookingPaymentRequest } from '@rollcall/contract/booking';
import { invalidField } from '@rollcall/runtime/rpc';
import type { Payment } from '../bookings/booking.ts';

/** What a request tells of money. Throws RpcError FIELD_INVALID. */
export function paymentFromRequest(request: RecordBookingPaymentRequest): Payment {
  // Field rules have made sure of `paid` by the time a handler runs.
  const { currencyCode, minorUnits: paid } = request.paid as Money;
  const refunded = request.refunded?.minorUnits ?? 0n;
  if (paid < 0n) throw invalidField('paid.minor_units', 'must not be negative');
  if (refunded < 0n) throw invalidField('refunded.minor_units', 'must not be negative');
  if (request.refunded && request.refunded.currencyCode !== currencyCode)
    throw invalidField('refunded.currency_code', `must be that of paid, ${currencyCode}`);
  if (refunded > paid) throw invalidField('refunded.minor_units', 'must not be more than was paid');
  return { currencyCode, paid, refunded, revision: request.revision };
}
