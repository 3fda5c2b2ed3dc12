import { v7 as uuidv7 } from 'uuid';
import { codeTaken, planNotFound } from '../errors.ts';
import type { Area, NewArea, NewPlan, Plan } from './plan.ts';
import type { PlanChange, PlanStore } from './plan-store.ts';

/**
 * Adds an area.
 * @throws BillingError CODE_TAKEN when another area has the code.
 */
export async function createArea(
  store: Pick<PlanStore, 'insertArea'>,
  tenantId: string,
  area: NewArea,
): Promise<Area> {
  const now = new Date();
  const made = { ...area, tenantId, id: uuidv7(), createTime: now, updateTime: now };
  if (await store.insertArea(made)) return made;
  throw codeTaken('area', tenantId, area.code);
}

/**
 * Adds a plan with checked prices.
 * @throws BillingError CODE_TAKEN when another plan has the code.
 */
export async function createPlan(
  store: Pick<PlanStore, 'insertPlan'>,
  tenantId: string,
  plan: NewPlan,
): Promise<Plan> {
  const now = new Date();
  const made = { ...plan, tenantId, id: uuidv7(), createTime: now, updateTime: now };
  if (await store.insertPlan(made)) return made;
  throw codeTaken('plan', tenantId, plan.code);
}

/**
 * Changes a plan. Existing subscriptions keep their terms.
 * @throws BillingError PLAN_NOT_FOUND when the tenant has no such plan.
 */
export async function updatePlan(
  store: Pick<PlanStore, 'updatePlan'>,
  { tenantId, id }: { tenantId: string; id: string },
  change: PlanChange,
): Promise<Plan> {
  const plan = await store.updatePlan({ tenantId, id, updateTime: new Date() }, change);
  if (plan) return plan;
  throw planNotFound(tenantId, id);
}
