import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Area as AreaMessage,
  AreaSchema,
  PlanInterval as IntervalMessage,
  type Plan as PlanMessage,
  PlanSchema,
} from '@rollcall/contract/billing';
import { currencyOf } from '@rollcall/contract/currencies';
import { invalidField, requireStorable, requireVisible } from '@rollcall/runtime/rpc';
import type { Area, NewArea, NewPlan, Plan, PlanPrice } from '../plans/plan.ts';
import { moneyFromMessage } from './money-message.ts';

/** What CreatePlan adds; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newPlanFromMessage(plan: PlanMessage): NewPlan {
  // Field rules let both be left out, for the sake of UpdatePlan.
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

/** The title of a plan. Throws RpcError FIELD_INVALID. */
export function titleFrom({ title }: PlanMessage): string {
  return requireVisible('plan.title', title);
}

/** The prices of a plan. Throws RpcError FIELD_INVALID. */
export function pricesFromMessage({ prices }: PlanMessage): PlanPrice[] {
  return prices.map(({ areaId, amount, stripePriceId }, i) => ({
    areaId: areaId.toLowerCase(),
    amount: moneyFromMessage(amount),
    stripePriceId: requireStorable(`plan.prices[${i}].stripe_price_id`, stripePriceId) || null,
  }));
}

/** What CreateArea adds; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newAreaFromMessage(area: AreaMessage): NewArea {
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

/** A plan as it goes over the wire. */
export function toPlanMessage(plan: Plan): PlanMessage {
  const { interval, prices, createTime, updateTime, ...rest } = plan;
  return create(PlanSchema, {
    ...rest,
    interval: IntervalMessage[interval],
    prices: prices.map((price) => ({ ...price, stripePriceId: price.stripePriceId ?? '' })),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}

/** An area as it goes over the wire. */
export function toAreaMessage({ createTime, updateTime, countryCodes, ...rest }: Area): AreaMessage {
  return create(AreaSchema, {
    ...rest,
    countryCodes: [...countryCodes],
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}
