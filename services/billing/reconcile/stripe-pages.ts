import { BillingError } from '../errors.ts';
import type { StripeKind } from '../ledger/stripe-object.ts';
import type { StripePage } from '../payments/stripe-gateway.ts';
import type { ReconcilePorts } from './reconcile-ports.ts';
import type { OpenRun } from './reconcile-store.ts';

// The most that Stripe gives at once.
const PAGE = 100;

/** The part of a list behind an object. Where Stripe has deleted that object since, the list begins anew. */
export async function nextPage(
  { gateway, pace }: Pick<ReconcilePorts, 'gateway' | 'pace'>,
  run: OpenRun,
  { kind, after }: { kind: StripeKind; after: string | null },
): Promise<StripePage> {
  const list = {
    createdFrom: Math.floor(run.since.getTime() / 1000),
    createdBefore: Math.ceil(run.until.getTime() / 1000),
    limit: PAGE,
  };
  try {
    return await pace(() => gateway.list(kind, { ...list, ...(after && { after }) }));
  } catch (error) {
    const isGone = error instanceof BillingError && error.metadata.stripe_code === 'resource_missing';
    if (!isGone || after === null) throw error;
    return await pace(() => gateway.list(kind, list));
  }
}
