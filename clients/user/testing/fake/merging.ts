import { clone } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type MergePlan,
  type MergeUsersRequest,
  MergeUsersRequestSchema,
  UnmergeUsersRequestSchema,
  type User,
  type UserAdminService,
  UserChangeKind,
  UserSchema,
} from '@rollcall/contract/user';
import type { Remember } from './idempotency.ts';
import { requireEtag } from './lifecycle.ts';
import { jsonOf, MERGE_PATHS, mergedUser, unmergedUser } from './merge-fields.ts';
import { checkedPlan, mergeRefused, requireMerge, requireMergeable } from './merge-plan.ts';
import type { MadeMerge } from './model/merge-log.ts';
import { withToldFigures } from './model/statistics.ts';
import { inFull, newId, type UserStore } from './model/user-store.ts';
import { requireSize } from './user-fields.ts';

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

/** The survivor as a merge would make it. Throws USER_NOT_FOUND, MERGE_REFUSED. */
export function planMerge(store: UserStore, tenantId: string, plan: MergePlan) {
  const { survivor, loser } = requireMergeable(store, tenantId, plan);
  const result = mergedUser(survivor, loser, plan.takeFromLoser?.paths ?? []);
  const both = [...store.familyOf(survivor), ...store.familyOf(loser)];
  return { survivor, loser, result: withToldFigures(store.figures, result, both) };
}

/** Makes a planned merge. Throws PROFILE_TOO_LARGE. */
export function makeMerge(
  store: UserStore,
  plan: MergePlan,
  { survivor, loser, result }: ReturnType<typeof planMerge>,
): MadeMerge {
  requireSize(result);
  const { tenantId } = survivor;
  const kind = UserChangeKind.MERGED;
  store.keep(result, { kind });
  store.keep(withHeldAddress(survivor, loser, result), { kind, mergedInto: survivor.id });
  const went = belongingsOf(store).map((each) => each.move(loser, survivor.id));
  const before = { survivor, loser };
  const merge = { tenantId, mergeId: newId(), plan, time: store.now(), before, went };
  store.merges.add(merge);
  return merge;
}

/** Takes a merge back: the loser is as it was, the survivor too but for what changed since. Throws MERGE_REFUSED, EMAIL_TAKEN. */
export function takeBack(store: UserStore, merge: MadeMerge): void {
  const { tenantId, plan } = merge;
  const { survivor, loser } = restored(store, merge);
  for (const each of [survivor, loser]) {
    requireSize(each);
    store.requireFreeEmail(each, [survivor.id, loser.id]);
  }
  const keeping = { kind: UserChangeKind.UNMERGED, mergedInto: null };
  const families = [survivor, loser].map((user) => store.familyOf(user));
  const [all = [], theirs = []] = families;
  const mine = all.filter(({ id }) => !theirs.some((each) => each.id === id));
  store.keep(withToldFigures(store.figures, survivor, mine), keeping);
  store.keep(withToldFigures(store.figures, loser, theirs), keeping);
  for (const [i, each] of belongingsOf(store).entries())
    each.giveBack(merge.went[i] ?? [], plan.survivorId, { tenantId, id: plan.loserId });
  merge.before = undefined;
  merge.undone = { id: newId(), time: store.now() };
}

function restored(store: UserStore, merge: MadeMerge): { survivor: User; loser: User } {
  const { mergeId, before, plan, tenantId } = merge;
  if (merge.undone) throw mergeRefused('ALREADY_UNDONE', `Merge ${mergeId} is taken back already.`);
  const now = store.own(tenantId, plan.survivorId)?.user;
  if (!before || !now || store.isErased(now))
    throw mergeRefused('ERASED', `Merge ${mergeId} is of an erased user, of whom nothing is left.`);
  const later = store.merges.laterThan(merge);
  if (later) {
    const message = `Merge ${later.mergeId} builds upon merge ${mergeId}; take that one back first.`;
    throw mergeRefused('LATER_MERGE', message);
  }
  const result = mergedUser(before.survivor, before.loser, plan.takeFromLoser?.paths ?? []);
  const survivor = unmergedUser(now, { before: before.survivor, result });
  return { survivor, loser: before.loser };
}

// Both addresses go on leading to the survivor, and to nobody else: the loser keeps the one that the survivor has not.
function withHeldAddress(survivor: User, loser: User, result: User): User {
  if (result.email !== loser.email) return loser;
  return Object.assign(clone(UserSchema, loser), { email: survivor.email });
}

function belongingsOf({ external, notes, activities }: UserStore) {
  return [external, notes, activities] as const;
}
