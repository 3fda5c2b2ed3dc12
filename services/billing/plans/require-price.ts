import { BillingError } from '../errors.ts';
import type { PlanPrice } from './plan.ts';
import { areaNotFound, planNotFound } from './plan-refusals.ts';
import type { PlanStore } from './plan-store.ts';

/** What is to be bought, and where. */
export interface PriceWanted {
  readonly tenantId: string;
  readonly planId: string;
  readonly areaId: string;
}

/**
 * What a plan costs in an area; `stripePriceId` is null exactly where that is nothing.
 * Throws BillingError PLAN_NOT_FOUND, AREA_NOT_FOUND, PLAN_NOT_SOLD.
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
  // A price that stands at Stripe although it is nothing is not asked for.
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
