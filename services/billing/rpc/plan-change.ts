import type { Plan as PlanMessage } from '@rollcall/contract/billing';
import { invalidField, isUuid } from '@rollcall/runtime/rpc';
import type { PlanChange } from '../plans/plan-store.ts';
import { pricesFromMessage, titleFrom } from './plan-message.ts';

/** What UpdatePlan changes, and of which plan. Throws RpcError FIELD_INVALID. */
export function planChangeFromMessage(
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
