import type { Area, Plan } from './plan.ts';

/** A page request for a list that is ordered by code. */
interface CodeList {
  readonly tenantId: string;
  readonly limit: number;
  /** The page begins after this code. Absent: it begins with the first code. */
  readonly after?: string;
}

/** The fields of a plan to change. Absent fields stay. */
export type PlanChange = Partial<Pick<Plan, 'title' | 'prices' | 'retired'>>;

/** Storage of plans and areas. Ids are in lower case. */
export interface PlanStore {
  /** False: another plan of the tenant has this code. */
  insertPlan(plan: Plan): Promise<boolean>;
  findPlan(tenantId: string, id: string): Promise<Plan | undefined>;
  /** Ordered by code. */
  listPlans(list: CodeList & { readonly withRetired: boolean }): Promise<Plan[]>;
  /** Returns the changed plan; undefined when it does not exist. */
  updatePlan(
    plan: { readonly tenantId: string; readonly id: string; readonly updateTime: Date },
    change: PlanChange,
  ): Promise<Plan | undefined>;
  /** False: another area of the tenant has this code. */
  insertArea(area: Area): Promise<boolean>;
  /** Finds the areas with these ids. Unknown ids are left out. */
  findAreas(tenantId: string, ids: readonly string[]): Promise<Area[]>;
  /** Ordered by code. */
  listAreas(list: CodeList): Promise<Area[]>;
}
