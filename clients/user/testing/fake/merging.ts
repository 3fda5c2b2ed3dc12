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
import type { RunOnce } from './idempotency.ts';
import { requireEtag } from './lifecycle.ts';
import { MERGE_PATHS, mergedUser, toProtoJson, unmergedUser } from './merge-fields.ts';
import { mergeRefused, normalizePlan, requireMerge, requireMergeable } from './merge-plan.ts';
import type { MergeRecord } from './model/merge-log.ts';
import { withReportedStatistics } from './model/statistics.ts';
import { newId, toFullView, type UserStore } from './model/user-store.ts';
import { requireSize } from './writable-fields.ts';

type Merging = Pick<
  ServiceImpl<typeof UserAdminService>,
  'previewMergeUsers' | 'mergeUsers' | 'unmergeUsers'
>;

/** Handlers of PreviewMergeUsers, MergeUsers and UnmergeUsers. */
export function createMergeHandlers(store: UserStore, runOnce: RunOnce): Merging {
  const currentUser = (tenantId: string, id: string) => toFullView(store.current(tenantId, id) as User);
  return {
    previewMergeUsers({ tenantId, plan }) {
      const planned = planMerge(store, tenantId, normalizePlan(plan as MergePlan));
      return { user: toFullView(planned.result), fields: fieldsOf(planned) };
    },
    mergeUsers(given: MergeUsersRequest) {
      const plan = normalizePlan(given.plan as MergePlan);
      const request = { ...given, plan };
      const { mergeId } = runOnce(MergeUsersRequestSchema, request, () => {
        const planned = planMerge(store, request.tenantId, plan);
        requireEtag(planned.survivor, request.survivorEtag);
        requireEtag(planned.loser, request.loserEtag);
        return applyMerge(store, plan, planned);
      });
      return { mergeId, user: currentUser(request.tenantId, plan.survivorId) };
    },
    unmergeUsers(request) {
      const { tenantId } = request;
      const merge = requireMerge(store, tenantId, request.mergeId);
      runOnce(UnmergeUsersRequestSchema, request, () => undoMerge(store, merge));
      const { survivorId, loserId } = merge.plan;
      return { survivor: currentUser(tenantId, survivorId), restored: currentUser(tenantId, loserId) };
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
  const { profile, ...fields } = toProtoJson(user);
  const [field = '', part] = path.split('.');
  return JSON.stringify((part === undefined ? fields[field] : profile[part]) ?? null);
}

/**
 * Computes the survivor of a merge.
 * @throws ConnectError USER_NOT_FOUND or MERGE_REFUSED
 */
export function planMerge(store: UserStore, tenantId: string, plan: MergePlan) {
  const { survivor, loser } = requireMergeable(store, tenantId, plan);
  const result = mergedUser(survivor, loser, plan.takeFromLoser?.paths ?? []);
  const both = [...store.mergeGroupOf(survivor), ...store.mergeGroupOf(loser)];
  return { survivor, loser, result: withReportedStatistics(store.statistics, result, both) };
}

/**
 * Applies a planned merge.
 * @throws ConnectError PROFILE_TOO_LARGE
 */
export function applyMerge(
  store: UserStore,
  plan: MergePlan,
  { survivor, loser, result }: ReturnType<typeof planMerge>,
): MergeRecord {
  requireSize(result);
  const { tenantId } = survivor;
  const kind = UserChangeKind.MERGED;
  store.writeUnchecked(result, { kind });
  store.writeUnchecked(withRemainingEmail(survivor, loser, result), { kind, mergedInto: survivor.id });
  const movedKeys = movableRecords(store).map((each) => each.move(loser, survivor.id));
  const before = { survivor, loser };
  const merge = { tenantId, mergeId: newId(), plan, time: store.now(), before, movedKeys };
  store.merges.add(merge);
  return merge;
}

/**
 * Undoes a merge. The loser is restored; the survivor is too, with the changes made since.
 * @throws ConnectError MERGE_REFUSED or EMAIL_TAKEN
 */
export function undoMerge(store: UserStore, merge: MergeRecord): void {
  const { tenantId, plan } = merge;
  const { survivor, loser } = usersBefore(store, merge);
  for (const each of [survivor, loser]) {
    requireSize(each);
    store.requireFreeEmail(each, [survivor.id, loser.id]);
  }
  const options = { kind: UserChangeKind.UNMERGED, mergedInto: null };
  const groups = [survivor, loser].map((user) => store.mergeGroupOf(user));
  const [all = [], theirs = []] = groups;
  const mine = all.filter(({ id }) => !theirs.some((each) => each.id === id));
  store.writeUnchecked(withReportedStatistics(store.statistics, survivor, mine), options);
  store.writeUnchecked(withReportedStatistics(store.statistics, loser, theirs), options);
  for (const [i, each] of movableRecords(store).entries())
    each.moveBack(merge.movedKeys[i] ?? [], plan.survivorId, { tenantId, id: plan.loserId });
  merge.before = undefined;
  merge.undone = { id: newId(), time: store.now() };
}

function usersBefore(store: UserStore, merge: MergeRecord): { survivor: User; loser: User } {
  const { mergeId, before, plan, tenantId } = merge;
  if (merge.undone) throw mergeRefused('ALREADY_UNDONE', `Merge ${mergeId} is taken back already.`);
  const now = store.row(tenantId, plan.survivorId)?.user;
  if (!before || !now || store.isErased(now))
    throw mergeRefused('ERASED', `Merge ${mergeId} is of an erased user, of whom nothing is left.`);
  const later = store.merges.findLater(merge);
  if (later) {
    const message = `Merge ${later.mergeId} builds upon merge ${mergeId}; take that one back first.`;
    throw mergeRefused('LATER_MERGE', message);
  }
  const result = mergedUser(before.survivor, before.loser, plan.takeFromLoser?.paths ?? []);
  const survivor = unmergedUser(now, { before: before.survivor, result });
  return { survivor, loser: before.loser };
}

// Both addresses must lead to the survivor alone, so the loser keeps the one that the survivor does not have.
function withRemainingEmail(survivor: User, loser: User, result: User): User {
  if (result.email !== loser.email) return loser;
  return Object.assign(clone(UserSchema, loser), { email: survivor.email });
}

function movableRecords({ externalIds: external, notes, activities }: UserStore) {
  return [external, notes, activities] as const;
}
