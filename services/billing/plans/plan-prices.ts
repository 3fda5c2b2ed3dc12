import { areaNotFound, BillingError, planNotFound } from '../errors.ts';
import { paymentFaultOf } from '../money.ts';
import type { PlanPrice } from './plan.ts';
import type { PlanStore } from './plan-store.ts';

/** Faults of prices, by their place in the list: `[0].amount.minor_units`. */
type PriceFaults = Readonly<Record<string, string>>;

/**
 * Checks the prices of a plan. Empty when they have no faults.
 * @throws BillingError AREA_NOT_FOUND for the first price whose area does not exist.
 */
export async function faultsOfPrices(
  store: Pick<PlanStore, 'findAreas'>,
  tenantId: string,
  prices: readonly PlanPrice[],
): Promise<PriceFaults> {
  const areas = await store.findAreas(tenantId, [...new Set(prices.map(({ areaId }) => areaId))]);
  const currencyOf = new Map(areas.map(({ id, currencyCode }) => [id, currencyCode]));
  const seen = new Set<string>();
  const faults: Record<string, string> = {};
  for (const [i, { areaId, amount, stripePriceId }] of prices.entries()) {
    const currency = currencyOf.get(areaId);
    if (currency === undefined) throw areaNotFound(tenantId, areaId);
    if (seen.has(areaId)) faults[`[${i}].area_id`] = 'must not stand in a price before';
    seen.add(areaId);
    if (amount.currencyCode !== currency)
      faults[`[${i}].amount.currency_code`] = `must be ${currency}, that of the area`;
    if (amount.minorUnits < 0n) faults[`[${i}].amount.minor_units`] = 'must not be less than 0';
    const fault = amount.minorUnits > 0n ? paymentFaultOf(amount) : undefined;
    if (fault) faults[`[${i}].amount.${fault.field}`] ??= fault.rule;
    if (amount.minorUnits > 0n && !stripePriceId)
      faults[`[${i}].stripe_price_id`] = 'must be given where the amount is more than 0';
  }
  return faults;
}

/** The plan and the area of an order. */
interface PriceWanted {
  readonly tenantId: string;
  readonly planId: string;
  readonly areaId: string;
}

/**
 * Finds the price of a plan in an area. `stripePriceId` is null exactly when the price is 0.
 * @throws BillingError PLAN_NOT_FOUND, AREA_NOT_FOUND or PLAN_NOT_SOLD.
 */
export async function requirePrice(
  plans: Pick<PlanStore, 'findPlan' | 'findAreas'>,
  { tenantId, planId, areaId }: PriceWanted,
): Promise<PlanPrice> {
  const plan = await plans.findPlan(tenantId, planId);
  if (!plan) throw planNotFound(tenantId, planId);
  const [area] = await plans.findAreas(tenantId, [areaId]);
  if (!area) throw areaNotFound(tenantId, areaId);
  const price = plan.prices.find((each) => each.areaId === areaId);
  if (!price || plan.retired) throw notSold({ planId, areaId }, plan.retired ? 'retired' : 'no_price');
  // A price of 0 is not sent to Stripe, even when it exists there.
  return price.amount.minorUnits === 0n ? { ...price, stripePriceId: null } : price;
}

function notSold({ planId, areaId }: Omit<PriceWanted, 'tenantId'>, why: 'retired' | 'no_price') {
  const message =
    why === 'retired'
      ? `Plan ${planId} is retired: nobody can subscribe to it any more.`
      : `Plan ${planId} has no price in area ${areaId}.`;
  return new BillingError('PLAN_NOT_SOLD', message, {
    metadata: { plan_id: planId, area_id: areaId, why },
  });
}
