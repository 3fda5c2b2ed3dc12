import type { Area, Plan } from './plan.ts';

/** Part of a list by code. */
interface CodeList {
  readonly tenantId: string;
  readonly limit: number;
  /** Begin behind this code; absent: at the first. */
  readonly after?: string;
}

/** What changes of a plan; absent fields stay. */
export type PlanChange = Partial<Pick<Plan, 'title' | 'prices' | 'retired'>>;

/** Where plans and areas are kept. Ids are in lower case. */
export interface PlanStore {
  /** False: the tenant has another plan of this code. */
  insertPlan(plan: Plan): Promise<boolean>;
  findPlan(tenantId: string, id: string): Promise<Plan | undefined>;
  /** By code. */
  listPlans(list: CodeList & { readonly withRetired: boolean }): Promise<Plan[]>;
  /** The plan as it is then; undefined: there is none. */
  updatePlan(
    plan: { readonly tenantId: string; readonly id: string; readonly updateTime: Date },
    change: PlanChange,
  ): Promise<Plan | undefined>;
  /** False: the tenant has another area of this code. */
  insertArea(area: Area): Promise<boolean>;
  /** Those of these areas that there are. */
  findAreas(tenantId: string, ids: readonly string[]): Promise<Area[]>;
  /** By code. */
  listAreas(list: CodeList): Promise<Area[]>;
}
