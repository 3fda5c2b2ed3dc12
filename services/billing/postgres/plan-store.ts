import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import type { Area, Plan, PlanPrice } from '../plans/plan.ts';
import type { PlanStore } from '../plans/plan-store.ts';
import {
  AreaEntity,
  type AreaRow,
  PlanEntity,
  PlanPriceEntity,
  type PlanPriceRow,
  type PlanRow,
} from './plan-entities.ts';

/** Stores plans and areas through MikroORM. */
export function createPostgresPlanStore(orm: MikroORM): PlanStore {
  return {
    insertPlan: ({ prices, ...plan }) =>
      unlessTaken('plans_code', () =>
        orm.em.fork().transactional(async (em) => {
          await em.insert(PlanEntity, plan);
          await insertPrices(em, plan, prices);
        }),
      ),
    async findPlan(tenantId, id) {
      const em = orm.em.fork();
      const row = await em.findOne(PlanEntity, { tenantId, id });
      return row ? (await withPrices(em, [row]))[0] : undefined;
    },
    async listPlans({ tenantId, limit, after, withRetired }) {
      const em = orm.em.fork();
      const where = { tenantId, ...behind(after), ...(!withRetired && { retired: false }) };
      return withPrices(em, await em.find(PlanEntity, where, { orderBy: { code: 'asc' }, limit }));
    },
    updatePlan: ({ updateTime, ...key }, { prices, ...change }) =>
      orm.em.fork().transactional(async (em) => {
        const count = await em.nativeUpdate(PlanEntity, key, { ...change, updateTime });
        if (count === 0) return undefined;
        if (prices) {
          await em.nativeDelete(PlanPriceEntity, { tenantId: key.tenantId, planId: key.id });
          await insertPrices(em, key, prices);
        }
        const row = await em.findOne(PlanEntity, key);
        return row ? (await withPrices(em, [row]))[0] : undefined;
      }),
    insertArea: ({ currencyCode, countryCodes, ...area }) =>
      unlessTaken('areas_code', async () => {
        const row = { ...area, currency: currencyCode, countryCodes: [...countryCodes] };
        await orm.em.fork().insert(AreaEntity, row);
      }),
    async findAreas(tenantId, ids) {
      const rows = await orm.em.fork().find(AreaEntity, { tenantId, id: { $in: [...ids] } });
      return rows.map(toArea);
    },
    async listAreas({ tenantId, limit, after }) {
      const where = { tenantId, ...behind(after) };
      const rows = await orm.em.fork().find(AreaEntity, where, { orderBy: { code: 'asc' }, limit });
      return rows.map(toArea);
    },
  };
}

async function unlessTaken(constraint: string, insert: () => Promise<void>): Promise<boolean> {
  try {
    await insert();
    return true;
  } catch (error) {
    if (sqlState(error) === '23505' && violatedConstraint(error) === constraint) return false;
    throw error;
  }
}

function behind(code: string | undefined) {
  return code === undefined ? {} : { code: { $gt: code } };
}

async function insertPrices(
  em: EntityManager,
  { tenantId, id: planId }: { tenantId: string; id: string },
  prices: readonly PlanPrice[],
): Promise<void> {
  if (prices.length === 0) return;
  const rows = prices.map(({ areaId, amount, stripePriceId }, position) => {
    return { tenantId, planId, areaId, position, minorUnits: amount.minorUnits, stripePriceId };
  });
  await em.insertMany(PlanPriceEntity, rows);
}

async function withPrices(em: EntityManager, plans: readonly PlanRow[]): Promise<Plan[]> {
  const tenantId = plans[0]?.tenantId;
  if (tenantId === undefined) return [];
  const where = { tenantId, planId: { $in: plans.map(({ id }) => id) } };
  const prices = await em.find(PlanPriceEntity, where, { orderBy: { position: 'asc' } });
  const areaIds = [...new Set(prices.map(({ areaId }) => areaId))];
  const areas = await em.find(AreaEntity, { tenantId, id: { $in: areaIds } });
  const currencyOf = new Map(areas.map(({ id, currency }) => [id, currency]));
  const byPlan = Map.groupBy(prices, ({ planId }) => planId);
  return plans.map((row) => toPlan(row, byPlan.get(row.id) ?? [], currencyOf));
}

function toPlan(
  row: PlanRow,
  prices: readonly PlanPriceRow[],
  currencyOf: ReadonlyMap<string, string>,
): Plan {
  const { tenantId, id, code, title, interval, retired, createTime, updateTime } = row;
  return {
    ...{ tenantId, id, code, title, interval, retired, createTime, updateTime },
    prices: prices.map(({ areaId, minorUnits, stripePriceId }) => ({
      areaId,
      amount: { currencyCode: currencyOf.get(areaId) ?? '', minorUnits: BigInt(minorUnits) },
      stripePriceId: stripePriceId ?? null,
    })),
  };
}

function toArea({ currency, ...row }: AreaRow): Area {
  const { tenantId, id, code, title, countryCodes, taxBasisPoints, createTime, updateTime } = row;
  return {
    ...{ tenantId, id, code, title, countryCodes, taxBasisPoints, createTime, updateTime },
    currencyCode: currency,
  };
}
