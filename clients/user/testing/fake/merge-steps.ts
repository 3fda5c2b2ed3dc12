import { clone } from '@bufbuild/protobuf';
import { type MergePlan, type User, UserChangeKind, UserSchema } from '@rollcall/contract/user';
import { mergedUser, unmergedUser } from './merge-fields.ts';
import { mergeRefused, requireMergeable } from './merge-plan.ts';
import type { MadeMerge } from './model/merge-log.ts';
import { newId } from './model/new-id.ts';
import { withToldFigures } from './model/statistics.ts';
import type { UserStore } from './model/user-store.ts';
import { requireSize } from './user-fields.ts';

/** The survivor as a merge would make it. Throws USER_NOT_FOUND, MERGE_REFUSED. */
export function planMerge(store: UserStore, tenantId: string, plan: MergePlan) {
  const { survivor, loser } = requireMergeable(store, tenantId, plan);
  const result = mergedUser(survivor, loser, plan.takeFromLoser?.paths ?? []);
  const both = [...store.familyOf(survivor), ...store.familyOf(loser)];
  return { survivor, loser, result: withToldFigures(store, result, both) };
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
  store.keep(withToldFigures(store, survivor, mine), keeping);
  store.keep(withToldFigures(store, loser, theirs), keeping);
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
