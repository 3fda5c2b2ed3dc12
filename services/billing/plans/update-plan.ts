import type { Plan } from './plan.ts';
import { planNotFound } from './plan-refusals.ts';
import type { PlanChange, PlanStore } from './plan-store.ts';

/** Changes a plan; who subscribed before goes on as agreed then. Throws BillingError PLAN_NOT_FOUND. */
export async function updatePlan(
  store: Pick<PlanStore, 'updatePlan'>,
  { tenantId, id }: { tenantId: string; id: string },
  change: PlanChange,
): Promise<Plan> {
  const plan = await store.updatePlan({ tenantId, id, updateTime: new Date() }, change);
  if (plan) return plan;
  throw planNotFound(tenantId, id);
}
