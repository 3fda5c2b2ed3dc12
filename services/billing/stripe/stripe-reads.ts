import type Stripe from 'stripe';
import type { StripeKind, StripeObject } from '../ledger/stripe-object.ts';
import type { StripeList, StripePage } from '../payments/stripe-gateway.ts';
import { undefinedIfMissing } from './stripe-fault.ts';

type Named = { readonly id: string; readonly object: string };

/** Reads one object. Undefined when Stripe has no such object. */
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

/** Reads one page of the list of a kind, newest first. It includes subscriptions that are over. */
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
 * Converts an object of the package to plain JSON as in an event, without the package's own fields and the
 * client secret.
 */
export function toStripeObject(object: { readonly id: string; readonly object: string }): StripeObject {
  // The package's decimals become text, as Stripe sent it.
  const { client_secret, ...plain } = JSON.parse(JSON.stringify(object)) as StripeObject;
  return plain as StripeObject;
}
