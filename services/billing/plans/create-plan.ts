import { v7 as uuidv7 } from 'uuid';
import type { NewPlan, Plan } from './plan.ts';
import { codeTaken } from './plan-refusals.ts';
import type { PlanStore } from './plan-store.ts';

/** Adds a plan, whose prices were looked at. Throws BillingError CODE_TAKEN. */
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
