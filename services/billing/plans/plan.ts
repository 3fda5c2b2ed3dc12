import type { Money } from '../money.ts';

/** The period of one payment of a plan. */
export type PlanInterval = 'MONTH' | 'YEAR';

/** The price of a plan in one area. */
export interface PlanPrice {
  readonly areaId: string;
  /** The price of one period in the area's currency. 0: the plan is free, and does not exist at Stripe. */
  readonly amount: Money;
  /** "price_…". Null only when the amount is 0. */
  readonly stripePriceId: string | null;
}

/** A plan to add. */
export interface NewPlan {
  /** Unique in the tenant. */
  readonly code: string;
  readonly title: string;
  readonly interval: PlanInterval;
  /** At most one per area. */
  readonly prices: readonly PlanPrice[];
  /** True: new subscriptions are refused. */
  readonly retired: boolean;
}

/** An offer that users subscribe to. */
export interface Plan extends NewPlan {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** An area to add. */
export interface NewArea {
  /** Unique in the tenant. */
  readonly code: string;
  readonly title: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCodes: readonly string[];
  /** ISO 4217. It never changes, because prices and subscriptions are in it. */
  readonly currencyCode: string;
  /** The tax included in amounts, in hundredths of a percent. */
  readonly taxBasisPoints: number;
}

/** A region with one currency, in which plans are sold. */
export interface Area extends NewArea {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}
