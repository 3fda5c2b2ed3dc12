import type { ServiceImpl } from '@connectrpc/connect';
import {
  type MergePlan,
  type MergeUsersRequest,
  MergeUsersRequestSchema,
  UnmergeUsersRequestSchema,
  type User,
  type UserAdminService,
} from '@rollcall/contract/user';
import type { Remember } from './idempotency.ts';
import { requireEtag } from './lifecycle.ts';
import { jsonOf, MERGE_PATHS } from './merge-fields.ts';
import { checkedPlan, requireMerge } from './merge-plan.ts';
import { makeMerge, planMerge, takeBack } from './merge-steps.ts';
import { inFull, type UserStore } from './model/user-store.ts';

type Merging = Pick<
  ServiceImpl<typeof UserAdminService>,
  'previewMergeUsers' | 'mergeUsers' | 'unmergeUsers'
>;

/** PreviewMergeUsers, MergeUsers and UnmergeUsers over a store. */
export function mergingOf(store: UserStore, remember: Remember): Merging {
  const answering = (tenantId: string, id: string) => inFull(store.current(tenantId, id) as User);
  return {
    previewMergeUsers({ tenantId, plan }) {
      const planned = planMerge(store, tenantId, checkedPlan(plan as MergePlan));
      return { user: inFull(planned.result), fields: fieldsOf(planned) };
    },
    mergeUsers(given: MergeUsersRequest) {
      const plan = checkedPlan(given.plan as MergePlan);
      const request = { ...given, plan };
      const { mergeId } = remember(MergeUsersRequestSchema, request, () => {
        const planned = planMerge(store, request.tenantId, plan);
        requireEtag(planned.survivor, request.survivorEtag);
        requireEtag(planned.loser, request.loserEtag);
        return makeMerge(store, plan, planned);
      });
      return { mergeId, user: answering(request.tenantId, plan.survivorId) };
    },
    unmergeUsers(request) {
      const { tenantId } = request;
      const merge = requireMerge(store, tenantId, request.mergeId);
      remember(UnmergeUsersRequestSchema, request, () => takeBack(store, merge));
      const { survivorId, loserId } = merge.plan;
      return { survivor: answering(tenantId, survivorId), restored: answering(tenantId, loserId) };
    },
  };
}

function fieldsOf({ survivor, loser, result }: ReturnType<typeof planMerge>) {
  return MERGE_PATHS.flatMap((path) => {
    const [survivorValue, loserValue, resultValue] = [survivor, loser, result].map((user) =>
      valueAt(user, path),
    ) as [string, string, string];
    return survivorValue === loserValue ? [] : [{ path, survivorValue, loserValue, resultValue }];
  });
}

function valueAt(user: User, path: string): string {
  const { profile, ...fields } = jsonOf(user);
  const [field = '', part] = path.split('.');
  return JSON.stringify((part === undefined ? fields[field] : profile[part]) ?? null);
}
