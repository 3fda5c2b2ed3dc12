import type Stripe from 'stripe';
import type { StripeKind, StripeObject } from '../ledger/stripe-object.ts';
import type { StripeList, StripePage } from '../payments/stripe-gateway.ts';
import { undefinedIfMissing } from './stripe-fault.ts';

type Named = { readonly id: string; readonly object: string };

/** One object as it is now; undefined: Stripe has none of this id. */
export function retrieve(
  stripe: Stripe,
  { kind, id }: { kind: StripeKind; id: string },
): Promise<StripeObject | undefined> {
  const retrievers = {
    customer: (id) => stripe.customers.retrieve(id),
    subscription: (id) => stripe.subscriptions.retrieve(id),
    invoice: (id) => stripe.invoices.retrieve(id),
    payment_intent: (id) => stripe.paymentIntents.retrieve(id),
    charge: (id) => stripe.charges.retrieve(id),
    refund: (id) => stripe.refunds.retrieve(id),
    dispute: (id) => stripe.disputes.retrieve(id),
  } satisfies Record<StripeKind, (id: string) => Promise<Named>>;
  return undefinedIfMissing(async () => toStripeObject(await retrievers[kind](id)));
}

interface ListParams {
  readonly created: { readonly gte: number; readonly lt: number };
  readonly limit: number;
  readonly starting_after?: string;
}

type Listed = Promise<{ readonly data: readonly Named[]; readonly has_more: boolean }>;

/** One part of the list of a kind, newest first. Subscriptions that are over are on it too. */
export async function listOf(
  stripe: Stripe,
  { kind, ...list }: StripeList & { kind: StripeKind },
): Promise<StripePage> {
  const listers = {
    customer: (params) => stripe.customers.list(params),
    subscription: (params) => stripe.subscriptions.list({ ...params, status: 'all' }),
    invoice: (params) => stripe.invoices.list(params),
    payment_intent: (params) => stripe.paymentIntents.list(params),
    charge: (params) => stripe.charges.list(params),
    refund: (params) => stripe.refunds.list(params),
    dispute: (params) => stripe.disputes.list(params),
  } satisfies Record<StripeKind, (params: ListParams) => Listed>;
  const page = await listers[kind]({
    created: { gte: list.createdFrom, lt: list.createdBefore },
    limit: list.limit,
    ...(list.after && { starting_after: list.after }),
  });
  return { objects: page.data.map(toStripeObject), hasMore: page.has_more };
}

/**
 * An object of the package as plain JSON, as an event would hold it: without what the package puts beside it, and without the
 * secret that only the payer is to see.
 */
export function toStripeObject(object: { readonly id: string; readonly object: string }): StripeObject {
  // Decimals of the package become the text that Stripe sent.
  const { client_secret, ...plain } = JSON.parse(JSON.stringify(object)) as StripeObject;
  return plain as StripeObject;
}
