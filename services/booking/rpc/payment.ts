import type { Money } from '@rollcall/contract';
import type { MoneyReceived, RecordBookingPaymentRequest } from '@rollcall/contract/booking';
import { invalidField } from '@rollcall/runtime/rpc';
import type { Payment, Received } from '../bookings/booking.ts';

/** What a request tells of money. Throws RpcError FIELD_INVALID. */
export function paymentFromRequest(request: RecordBookingPaymentRequest): Payment {
  const { revision, otherPayments } = request;
  const first = receivedFrom('', request);
  const others = otherPayments.map((each, i) => receivedFrom(`other_payments[${i}].`, each));
  const seen = new Set([first.currencyCode]);
  for (const [i, { currencyCode }] of others.entries()) {
    if (seen.has(currencyCode))
      throw invalidField(`other_payments[${i}].paid.currency_code`, 'must not stand in an entry before');
    seen.add(currencyCode);
  }
  return { ...first, others, revision };
}

function receivedFrom(place: string, told: Pick<MoneyReceived, 'paid' | 'refunded'>): Received {
  // Field rules have made sure of `paid` by the time a handler runs.
  const { currencyCode, minorUnits: paid } = told.paid as Money;
  const refunded = told.refunded?.minorUnits ?? 0n;
  if (paid < 0n) throw invalidField(`${place}paid.minor_units`, 'must not be negative');
  if (refunded < 0n) throw invalidField(`${place}refunded.minor_units`, 'must not be negative');
  if (told.refunded && told.refunded.currencyCode !== currencyCode)
    throw invalidField(`${place}refunded.currency_code`, `must be that of paid, ${currencyCode}`);
  if (refunded > paid) throw invalidField(`${place}refunded.minor_units`, 'must not be more than was paid');
  return { currencyCode, paid, refunded };
}
