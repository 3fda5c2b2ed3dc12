import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { PlanInterval } from '../plans/plan.ts';

/** Table `areas`. */
export const AreaEntity = defineEntity({
  name: 'AreaEntity',
  tableName: 'areas',
  properties: {
    tenantId: p.text().primary(),
    id: p.uuid().primary(),
    code: p.text(),
    title: p.text(),
    countryCodes: p.array(),
    currency: p.text(),
    taxBasisPoints: p.integer(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
  },
});

/** Table `plans`. */
export const PlanEntity = defineEntity({
  name: 'PlanEntity',
  tableName: 'plans',
  properties: {
    tenantId: p.text().primary(),
    id: p.uuid().primary(),
    code: p.text(),
    title: p.text(),
    interval: p.text().$type<PlanInterval>(),
    retired: p.boolean(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
  },
});

/** Table `plan_prices`. */
export const PlanPriceEntity = defineEntity({
  name: 'PlanPriceEntity',
  tableName: 'plan_prices',
  properties: {
    tenantId: p.text().primary(),
    planId: p.uuid().primary(),
    areaId: p.uuid().primary(),
    position: p.integer(),
    minorUnits: p.bigint(),
    stripePriceId: p.text().nullable(),
  },
});

/** A row of `areas`. */
export type AreaRow = InferEntity<typeof AreaEntity>;
/** A row of `plans`. */
export type PlanRow = InferEntity<typeof PlanEntity>;
/** A row of `plan_prices`. */
export type PlanPriceRow = InferEntity<typeof PlanPriceEntity>;

/** The tables that MikroORM maps. */
export const ENTITIES = [AreaEntity, PlanEntity, PlanPriceEntity];
