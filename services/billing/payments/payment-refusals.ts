import { BillingError } from '../errors.ts';

/** That a tenant has no such payment. */
export function paymentNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('PAYMENT_NOT_FOUND', `Tenant ${tenantId} has no payment ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** That money cannot go back. */
export function notRefundable(
  id: string,
  why: 'not_by_stripe' | 'not_captured' | 'other_currency' | 'more_than_left' | 'nothing_left',
  left: bigint,
): BillingError {
  const message = `Of payment ${id} that cannot be sent back (${why}): ${left} is left of it, in minor units.`;
  return new BillingError('NOT_REFUNDABLE', message, {
    metadata: { id, why, left_minor_units: String(left) },
  });
}
