import type { Money } from '../money.ts';

/** How often a plan is paid. */
export type PlanInterval = 'MONTH' | 'YEAR';

/** What a plan costs in one area. */
export interface PlanPrice {
  readonly areaId: string;
  /** A turn of the interval, in the area's currency; 0: nothing, and Stripe takes no part. */
  readonly amount: Money;
  /** "price_…"; null only where the amount is 0. */
  readonly stripePriceId: string | null;
}

/** A plan to add. */
export interface NewPlan {
  /** Unique in the tenant. */
  readonly code: string;
  readonly title: string;
  readonly interval: PlanInterval;
  /** One per area. */
  readonly prices: readonly PlanPrice[];
  /** Nobody can subscribe any more. */
  readonly retired: boolean;
}

/** What can be subscribed to. */
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
  /** ISO 4217. Never changes: prices and subscriptions count in it. */
  readonly currencyCode: string;
  /** Tax that amounts include, in hundredths of a percent. */
  readonly taxBasisPoints: number;
}

/** Where a plan is sold, and in which money. */
export interface Area extends NewArea {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}
