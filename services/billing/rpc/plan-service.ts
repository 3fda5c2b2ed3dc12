import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Area as AreaMessage,
  AreaSchema,
  CreateAreaResponseSchema,
  CreatePlanResponseSchema,
  GetPlanResponseSchema,
  PlanInterval as IntervalMessage,
  ListAreasResponseSchema,
  ListPlansResponseSchema,
  type Plan as PlanMessage,
  PlanSchema,
  type PlanService,
  UpdatePlanResponseSchema,
} from '@rollcall/contract/billing';
import { currencyOf } from '@rollcall/contract/currencies';
import {
  type Implementation,
  invalidField,
  isUuid,
  requireStorable,
  requireVisible,
  runtimeError,
} from '@rollcall/runtime/rpc';
import { planNotFound } from '../errors.ts';
import { toPage } from '../page.ts';
import type { Area, NewArea, NewPlan, Plan, PlanPrice } from '../plans/plan.ts';
import { faultsOfPrices } from '../plans/plan-prices.ts';
import type { PlanChange, PlanStore } from '../plans/plan-store.ts';
import { createArea, createPlan, updatePlan } from '../plans/write-plans.ts';
import { codePageFrom, moneyFromMessage } from './request-fields.ts';

/** Implements PlanService. */
export function planServiceImplementation(store: PlanStore): Implementation<typeof PlanService> {
  return {
    async createPlan({ tenantId, plan: message }) {
      // The field rules of the contract require `plan`.
      const plan = newPlanFromMessage(message as PlanMessage);
      await requirePrices(store, tenantId, plan.prices);
      const made = await createPlan(store, tenantId, plan);
      return create(CreatePlanResponseSchema, { plan: toPlanMessage(made) });
    },
    async getPlan({ tenantId, id }) {
      const plan = await store.findPlan(tenantId, id.toLowerCase());
      if (!plan) throw planNotFound(tenantId, id);
      return create(GetPlanResponseSchema, { plan: toPlanMessage(plan) });
    },
    async listPlans(request) {
      const { withRetired } = request;
      const { page, tokens } = codePageFrom(request, ['ListPlans', withRetired]);
      const found = await store.listPlans({ ...page, withRetired, limit: page.limit + 1 });
      const { rows, next } = toPage(found, page.limit, ({ code }) => code);
      const nextPageToken = next === undefined ? '' : tokens.write(next);
      return create(ListPlansResponseSchema, { plans: rows.map(toPlanMessage), nextPageToken });
    },
    async updatePlan({ tenantId, plan: message, updateMask }) {
      const { id, change } = planChangeFromMessage(message as PlanMessage, updateMask?.paths ?? []);
      if (change.prices) await requirePrices(store, tenantId, change.prices);
      const plan = await updatePlan(store, { tenantId, id }, change);
      return create(UpdatePlanResponseSchema, { plan: toPlanMessage(plan) });
    },
    async createArea({ tenantId, area: message }) {
      const area = newAreaFromMessage(message as AreaMessage);
      const made = await createArea(store, tenantId, area);
      return create(CreateAreaResponseSchema, { area: toAreaMessage(made) });
    },
    async listAreas(request) {
      const { page, tokens } = codePageFrom(request, ['ListAreas']);
      const found = await store.listAreas({ ...page, limit: page.limit + 1 });
      const { rows, next } = toPage(found, page.limit, ({ code }) => code);
      const nextPageToken = next === undefined ? '' : tokens.write(next);
      return create(ListAreasResponseSchema, { areas: rows.map(toAreaMessage), nextPageToken });
    },
  };
}

/**
 * Maps an UpdatePlan request to the plan's id and change.
 * @throws RpcError FIELD_INVALID when the id or the mask is invalid.
 */
function planChangeFromMessage(
  plan: PlanMessage,
  paths: readonly string[],
): { id: string; change: PlanChange } {
  const id = plan.id.toLowerCase();
  if (!isUuid(id)) throw invalidField('plan.id', 'must be the UUID of the plan to change');
  const unknown = paths.find((path) => !PATHS.has(path));
  if (unknown !== undefined || paths.length === 0)
    throw invalidField('update_mask', `must name some of ${[...PATHS].join(', ')}, and nothing else`);
  return {
    id,
    change: {
      ...(paths.includes('title') && { title: titleFrom(plan) }),
      ...(paths.includes('prices') && { prices: pricesFromMessage(plan) }),
      ...(paths.includes('retired') && { retired: plan.retired }),
    },
  };
}

const PATHS: ReadonlySet<string> = new Set(['title', 'prices', 'retired']);

/**
 * Requires valid prices.
 * @throws RpcError FIELD_INVALID with all faults, or BillingError AREA_NOT_FOUND.
 */
async function requirePrices(
  store: Pick<PlanStore, 'findAreas'>,
  tenantId: string,
  prices: readonly PlanPrice[],
): Promise<void> {
  const faults = Object.entries(await faultsOfPrices(store, tenantId, prices));
  if (faults.length === 0) return;
  const violations = faults.map(([place, description]) => ({ field: `plan.prices${place}`, description }));
  const texts = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
  const fields = violations.map(({ field }) => field).join(',');
  throw runtimeError('FIELD_INVALID', `${texts}.`, { violations, metadata: { fields } });
}

/**
 * Maps the plan of a CreatePlan request. Output-only fields are ignored.
 * @throws RpcError FIELD_INVALID when a field is missing or invalid.
 */
function newPlanFromMessage(plan: PlanMessage): NewPlan {
  // The field rules allow both to be absent for UpdatePlan.
  if (!plan.code) throw invalidField('plan.code', 'must be given');
  if (!plan.interval) throw invalidField('plan.interval', 'must be given');
  return {
    code: plan.code,
    title: titleFrom(plan),
    interval: plan.interval === IntervalMessage.YEAR ? 'YEAR' : 'MONTH',
    prices: pricesFromMessage(plan),
    retired: plan.retired,
  };
}

function titleFrom({ title }: PlanMessage): string {
  return requireVisible('plan.title', title);
}

function pricesFromMessage({ prices }: PlanMessage): PlanPrice[] {
  return prices.map(({ areaId, amount, stripePriceId }, i) => ({
    areaId: areaId.toLowerCase(),
    amount: moneyFromMessage(amount),
    stripePriceId: requireStorable(`plan.prices[${i}].stripe_price_id`, stripePriceId) || null,
  }));
}

/**
 * Maps the area of a CreateArea request. Output-only fields are ignored.
 * @throws RpcError FIELD_INVALID when a field is invalid.
 */
function newAreaFromMessage(area: AreaMessage): NewArea {
  const { code, countryCodes, currencyCode, taxBasisPoints } = area;
  if (!currencyOf(currencyCode)) throw invalidField('area.currency_code', 'must be a currency of ISO 4217');
  return {
    code,
    title: requireVisible('area.title', area.title),
    countryCodes,
    currencyCode,
    taxBasisPoints,
  };
}

function toPlanMessage(plan: Plan): PlanMessage {
  const { interval, prices, createTime, updateTime, ...rest } = plan;
  return create(PlanSchema, {
    ...rest,
    interval: IntervalMessage[interval],
    prices: prices.map((price) => ({ ...price, stripePriceId: price.stripePriceId ?? '' })),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}

function toAreaMessage({ createTime, updateTime, countryCodes, ...rest }: Area): AreaMessage {
  return create(AreaSchema, {
    ...rest,
    countryCodes: [...countryCodes],
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}
