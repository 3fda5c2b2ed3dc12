import { clone, create } from '@bufbuild/protobuf';
import { MergePlanSchema, type User, UserSchema, UserState } from '@rollcall/contract/user';
import { toTenantId, toUserId } from '../../options/ids.ts';
import { normalizePlan, requireMerge } from './merge-plan.ts';
import { applyMerge, planMerge, undoMerge } from './merging.ts';
import { userNotFound } from './model/refusal.ts';
import { toFullView, toUser, type UserFields, type UserStore } from './model/user-store.ts';

/**
 * The users of a fake. Each write is a version, and is told to those who watch. Ids are UUIDs; one that was merged away stands for
 * its survivor. Answers are copies, in full.
 */
export interface FakeUsers {
  /**
   * Makes or replaces a user: ACTIVE, CUSTOMER, and one version on, where `fields` do not say. Throws where the e-mail is
   * another's, and UserClientOptionError where the tenant or the id is none that the service could have.
   */
  put(tenantId: string, id: string, fields?: UserFields): User;
  /** Changes these fields. Throws where there is no such user. */
  update(tenantId: string, id: string, fields: UserFields): User;
  /** Deletes softly: the user is still answered, with state DELETED. Throws where there is no such user. */
  delete(tenantId: string, id: string): User;
  /** Merges the first user into the second, as MergeUsers does, and throws as that is refused. Answers the merge's id. */
  merge(tenantId: string, loserId: string, survivorId: string): string;
  /** Takes a merge back, as UnmergeUsers does, and throws as that is refused. */
  unmerge(tenantId: string, mergeId: string): void;
}

/** The users of a store, as a test has them in its hands. */
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
      const answering = store.current(tenant, user)?.id ?? user;
      return toFullView(store.write(toUser(tenant, answering, fields), { version }));
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
