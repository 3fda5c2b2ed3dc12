import type { StripeObject } from '../ledger/stripe-object.ts';
import type { KnownPaymentRequest } from './payment-store.ts';
import type { StripeGateway } from './stripe-gateway.ts';

// Stripe keeps an idempotency key for at least a day: https://docs.stripe.com/api/idempotent_requests
const KEY_LIFE_MS = 23 * 3_600_000;
// Covers the difference of clocks and the longest attempt.
const MARGIN_S = 300;
const PAGE = 100;

/**
 * Finds the object that an earlier attempt created at Stripe without its answer arriving. It searches only
 * when the idempotency key may have expired. Undefined when there is no object, or the key is still valid.
 */
export async function findEarlierAttempt(
  gateway: Pick<StripeGateway, 'list'>,
  { tenantId, request, refund, createTime, attemptTime }: KnownPaymentRequest,
  now: Date,
): Promise<StripeObject | undefined> {
  if (now.getTime() - createTime.getTime() < KEY_LIFE_MS) return undefined;
  const list = {
    createdFrom: Math.floor(createTime.getTime() / 1000) - MARGIN_S,
    createdBefore: Math.ceil(attemptTime.getTime() / 1000) + MARGIN_S,
    limit: PAGE,
  };
  for (let after: string | undefined, hasMore = true; hasMore; ) {
    const page = await gateway.list(refund ? 'refund' : 'payment_intent', { ...list, after });
    const found = page.objects.find((each) => isOf(each, tenantId, request.id));
    if (found) return found;
    after = page.objects.at(-1)?.id;
    hasMore = page.hasMore && after !== undefined;
  }
  return undefined;
}

function isOf({ metadata }: StripeObject, tenantId: string, requestId: string): boolean {
  const { tenant_id, request_id } = (metadata ?? {}) as Record<string, unknown>;
  return tenant_id === tenantId && request_id === requestId;
}
