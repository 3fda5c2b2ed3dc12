import { create } from '@bufbuild/protobuf';
import {
  type Area as AreaMessage,
  CreateAreaResponseSchema,
  CreatePlanResponseSchema,
  GetPlanResponseSchema,
  ListAreasResponseSchema,
  ListPlansResponseSchema,
  type Plan as PlanMessage,
  type PlanService,
  UpdatePlanResponseSchema,
} from '@rollcall/contract/billing';
import type { Implementation } from '@rollcall/runtime/rpc';
import { toPage } from '../page.ts';
import { createArea } from '../plans/create-area.ts';
import { createPlan } from '../plans/create-plan.ts';
import { planNotFound } from '../plans/plan-refusals.ts';
import type { PlanStore } from '../plans/plan-store.ts';
import { updatePlan } from '../plans/update-plan.ts';
import { codePageFrom } from './list-request.ts';
import { planChangeFromMessage } from './plan-change.ts';
import { newAreaFromMessage, newPlanFromMessage, toAreaMessage, toPlanMessage } from './plan-message.ts';
import { requirePrices } from './require-prices.ts';

/** The calls of PlanService. */
export function planServiceImplementation(store: PlanStore): Implementation<typeof PlanService> {
  return {
    async createPlan({ tenantId, plan: message }) {
      // Field rules have made sure of `plan` by the time a handler runs.
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
