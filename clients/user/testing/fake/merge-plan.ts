import { create } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectError } from '@connectrpc/connect';
import { type MergePlan, MergePlanSchema, type User, UserState } from '@rollcall/contract/user';
import { MERGE_PATHS } from './merge-fields.ts';
import type { MergeRecord } from './model/merge-log.ts';
import { invalidField, refusal, userNotFound } from './model/refusal.ts';
import type { UserRow, UserStore } from './model/user-store.ts';

/** Why a merge, or undoing one, is refused. */
export type MergeRefusal =
  | 'SELF'
  | 'CYCLE'
  | 'ALREADY_MERGED'
  | 'SURVIVOR_MERGED'
  | 'DELETED'
  | 'ERASED'
  | 'NO_SUCH_MERGE'
  | 'ALREADY_UNDONE'
  | 'LATER_MERGE';

/** A MERGE_REFUSED error. */
export function mergeRefused(why: MergeRefusal, message: string): ConnectError {
  return refusal(Code.FailedPrecondition, 'MERGE_REFUSED', message, { metadata: { refusal: why } });
}

/**
 * A plan with lower-case ids and sorted, distinct paths, so that plans can be compared.
 * @throws ConnectError FIELD_INVALID when it names an unknown path
 */
export function normalizePlan({ survivorId, loserId, takeFromLoser }: MergePlan): MergePlan {
  const paths = takeFromLoser?.paths ?? [];
  const unknown = paths.filter((path) => path !== 'profile' && !MERGE_PATHS.includes(path));
  if (unknown.length > 0) {
    const cure = `cannot take ${unknown.join(', ')}; can take profile, ${MERGE_PATHS.join(', ')}`;
    throw invalidField('plan.take_from_loser', cure);
  }
  return create(MergePlanSchema, {
    survivorId: survivorId.toLowerCase(),
    loserId: loserId.toLowerCase(),
    takeFromLoser: create(FieldMaskSchema, { paths: [...new Set(paths)].sort() }),
  });
}

/**
 * The two users of a merge.
 * @throws ConnectError USER_NOT_FOUND, also for a user of another tenant; MERGE_REFUSED when they cannot be
 * merged
 */
export function requireMergeable(
  store: UserStore,
  tenantId: string,
  { survivorId, loserId }: MergePlan,
): { survivor: User; loser: User } {
  const [survivor, loser] = [survivorId, loserId].map((id) => {
    const row = store.row(tenantId, id);
    if (row === undefined) throw userNotFound(tenantId, id);
    return row;
  }) as [UserRow, UserRow];
  if (survivor === loser) throw mergeRefused('SELF', `User ${loserId} cannot be merged into itself.`);
  if (store.current(tenantId, survivorId) === loser.user) {
    const message = `User ${survivorId} was merged into ${loserId}, which cannot be merged into it in turn.`;
    throw mergeRefused('CYCLE', message);
  }
  if (loser.mergedInto !== undefined) throw alreadyMerged('ALREADY_MERGED', loser);
  if (survivor.mergedInto !== undefined) throw alreadyMerged('SURVIVOR_MERGED', survivor);
  for (const { user } of [survivor, loser]) requireNotDeleted(store, user);
  return { survivor: survivor.user, loser: loser.user };
}

/**
 * The merge with an id.
 * @throws ConnectError MERGE_REFUSED when the tenant has no such merge
 */
export function requireMerge(store: UserStore, tenantId: string, mergeId: string): MergeRecord {
  const merge = store.merges.find(tenantId, mergeId.toLowerCase());
  if (merge) return merge;
  throw mergeRefused('NO_SUCH_MERGE', `Tenant ${tenantId} has no merge ${mergeId}.`);
}

function alreadyMerged(why: MergeRefusal, { user, mergedInto }: UserRow): ConnectError {
  return mergeRefused(why, `User ${user.id} is merged into ${mergedInto} already; merge that one.`);
}

function requireNotDeleted(store: UserStore, user: User): void {
  if (store.isErased(user)) throw mergeRefused('ERASED', `User ${user.id} is erased.`);
  if (user.state === UserState.DELETED)
    throw mergeRefused('DELETED', `User ${user.id} is deleted; undelete it first.`);
}
