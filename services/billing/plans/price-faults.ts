import { paymentFaultOf } from '../stripe-units.ts';
import type { PlanPrice } from './plan.ts';
import { areaNotFound } from './plan-refusals.ts';
import type { PlanStore } from './plan-store.ts';

/** What is wrong with prices, by the place of each in its list: `[0].amount.minor_units`. */
export type PriceFaults = Readonly<Record<string, string>>;

/**
 * What is wrong with the prices of a plan; empty: nothing.
 * Throws BillingError AREA_NOT_FOUND for the first whose area there is not.
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
