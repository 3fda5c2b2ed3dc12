import { v7 as uuidv7 } from 'uuid';
import type { Area, NewArea } from './plan.ts';
import { codeTaken } from './plan-refusals.ts';
import type { PlanStore } from './plan-store.ts';

/** Adds an area. Throws BillingError CODE_TAKEN. */
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
