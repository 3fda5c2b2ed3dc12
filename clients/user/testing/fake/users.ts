import { clone, create } from '@bufbuild/protobuf';
import { MergePlanSchema, type User, UserSchema, UserState } from '@rollcall/contract/user';
import { toTenantId, toUserId } from '../../options/ids.ts';
import { normalizePlan, requireMerge } from './merge-plan.ts';
import { applyMerge, planMerge, undoMerge } from './merging.ts';
import { userNotFound } from './model/refusal.ts';
import { toFullView, toUser, type UserFields, type UserStore } from './model/user-store.ts';

/**
 * The users of a fake. Each write creates a version and a change in the feed. Ids are UUIDs; the id of a
 * merged user stands for its survivor. Returned users are copies in the FULL view.
 */
export interface FakeUsers {
  /**
   * Creates or replaces a user. Defaults: ACTIVE, CUSTOMER, and the next version.
   * @throws ConnectError EMAIL_TAKEN; UserClientOptionError when the tenant or the id is invalid
   */
  put(tenantId: string, id: string, fields?: UserFields): User;
  /**
   * Changes fields of a user.
   * @throws ConnectError USER_NOT_FOUND
   */
  update(tenantId: string, id: string, fields: UserFields): User;
  /**
   * Deletes a user softly: reads return it with state DELETED.
   * @throws ConnectError USER_NOT_FOUND
   */
  delete(tenantId: string, id: string): User;
  /**
   * Merges the loser into the survivor, as MergeUsers does. Returns the id of the merge.
   * @throws ConnectError as MergeUsers does
   */
  merge(tenantId: string, loserId: string, survivorId: string): string;
  /**
   * Undoes a merge, as UnmergeUsers does.
   * @throws ConnectError as UnmergeUsers does
   */
  unmerge(tenantId: string, mergeId: string): void;
}

/** Creates the interface of a test to the users of a store. */
export function createFakeUsers(store: UserStore): FakeUsers {
  const change = (tenantId: string, id: string, fields: UserFields) => {
    const before = store.current(tenantId, id);
    if (before === undefined) throw userNotFound(tenantId, id);
    const { version, ...rest } = fields;
    const after = toUser(tenantId, before.id, { ...clone(UserSchema, before), ...rest } as UserFields);
    return toFullView(store.write(after, { version }));
  };
  return {
    put: (tenantId, id, { version, ...fields } = {}) => {
      const [tenant, user] = [toTenantId(tenantId), toUserId(id, 'id')];
      const survivorId = store.current(tenant, user)?.id ?? user;
      return toFullView(store.write(toUser(tenant, survivorId, fields), { version }));
    },
    update: change,
    delete: (tenantId, id) => change(tenantId, id, { state: UserState.DELETED }),
    merge: (tenantId, loserId, survivorId) => {
      const plan = normalizePlan(create(MergePlanSchema, { loserId, survivorId }));
      return applyMerge(store, plan, planMerge(store, tenantId, plan)).mergeId;
    },
    unmerge: (tenantId, mergeId) => undoMerge(store, requireMerge(store, tenantId, mergeId)),
  };
}
