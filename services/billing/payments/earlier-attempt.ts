import type { StripeObject } from '../ledger/stripe-object.ts';
import type { KnownPaymentRequest } from './payment-store.ts';
import type { StripeGateway } from './stripe-gateway.ts';

// Stripe forgets a key after a day at the earliest: https://docs.stripe.com/api/idempotent_requests
const KEY_LIFE_MS = 23 * 3_600_000;
// How far Stripe's clock may be off ours, with the longest that an attempt takes.
const MARGIN_S = 300;
const PAGE = 100;

/**
 * What an earlier attempt made at Stripe, although nobody here heard of it: looked for once the key that would say so may be
 * forgotten. Undefined: nothing, or the key still does.
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
