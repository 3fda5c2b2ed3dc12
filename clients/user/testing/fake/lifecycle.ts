import { clone, create } from '@bufbuild/protobuf';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  DeleteUserRequestSchema,
  EraseUserRequestSchema,
  ModifyTagsRequestSchema,
  ProfileSchema,
  UndeleteUserRequestSchema,
  type User,
  type UserAdminService,
  UserChangeKind,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import type { WriteOnce } from './idempotency.ts';
import { refusal, userNotFound } from './model/refusal.ts';
import type { Owner } from './model/related-records.ts';
import { toUser, type UserStore } from './model/user-store.ts';
import { etagOf } from './model/views.ts';
import { requireVisibleText } from './writable-fields.ts';

type Lifecycle = Pick<
  ServiceImpl<typeof UserAdminService>,
  'deleteUser' | 'undeleteUser' | 'eraseUser' | 'modifyTags'
>;

const MAX_TAGS = 100;

/** Handlers of DeleteUser, UndeleteUser, EraseUser and ModifyTags. */
export function createLifecycleHandlers(store: UserStore, writeOnce: WriteOnce): Lifecycle {
  const statesBefore = new Map<string, UserState>();
  return {
    deleteUser: (request) =>
      writeOnce(DeleteUserRequestSchema, request, () => {
        const user = requireUser(store, request);
        requireEtag(user, request.etag);
        if (user.state === UserState.DELETED) return user;
        statesBefore.set(keyOf(user), user.state);
        return store.write(withFields(user, { state: UserState.DELETED }));
      }),
    undeleteUser: (request) =>
      writeOnce(UndeleteUserRequestSchema, request, () => {
        const user = requireUser(store, request);
        requireNotErased(store, user);
        requireEtag(user, request.etag);
        if (user.state !== UserState.DELETED) return user;
        return store.write(withFields(user, { state: statesBefore.get(keyOf(user)) ?? UserState.ACTIVE }));
      }),
    eraseUser: (request) =>
      writeOnce(EraseUserRequestSchema, request, () => {
        const user = requireUser(store, request);
        return store.isErased(user) ? user : eraseUser(store, user);
      }),
    modifyTags: (request) => {
      for (const tag of request.add) requireVisibleText('add', tag);
      return writeOnce(ModifyTagsRequestSchema, request, () => {
        const user = requireUser(store, request);
        if (user.state === UserState.DELETED) throw userDeleted(user);
        const kept = (user.profile?.tags ?? []).filter((tag) => !request.remove.includes(tag));
        const tags = [...new Set([...kept, ...request.add])];
        if (tags.length > MAX_TAGS)
          throw refusal(
            Code.InvalidArgument,
            'PROFILE_TOO_LARGE',
            `The user would have ${tags.length} tags, and may have ${MAX_TAGS}.`,
          );
        if (JSON.stringify(tags) === JSON.stringify(user.profile?.tags ?? [])) return user;
        const profile = Object.assign(clone(ProfileSchema, user.profile ?? create(ProfileSchema)), { tags });
        return store.write(withFields(user, { profile }));
      });
    },
  };
}

/**
 * The user of a write.
 * @throws ConnectError USER_NOT_FOUND
 */
export function requireUser(store: UserStore, { tenantId, id }: { tenantId: string; id: string }): User {
  const user = store.current(tenantId, id);
  if (user === undefined) throw userNotFound(tenantId, id);
  return user;
}

/**
 * The user of a read.
 * @throws ConnectError USER_NOT_FOUND
 */
export function requireReadable(store: UserStore, { tenantId, id }: { tenantId: string; id: string }): User {
  const user = store.read(tenantId, id);
  if (user === undefined) throw userNotFound(tenantId, id);
  return user;
}

/** @throws ConnectError USER_DELETED when the user is erased */
export function requireNotErased(store: UserStore, user: User): void {
  if (store.isErased(user)) throw userDeleted(user);
}

/** @throws ConnectError ETAG_MISMATCH when the etag is given and not current */
export function requireEtag(user: User, etag: string): void {
  if (etag === '' || etag === etagOf(user.version)) return;
  const message = `User ${user.id} has changed since etag ${etag}; read it again.`;
  throw refusal(Code.Aborted, 'ETAG_MISMATCH', message);
}

function userDeleted({ id }: User) {
  return refusal(Code.FailedPrecondition, 'USER_DELETED', `User ${id} is deleted.`);
}

function withFields(user: User, fields: Partial<User>): User {
  return Object.assign(clone(UserSchema, user), fields);
}

function keyOf({ tenantId, id }: User): string {
  return `${tenantId}/${id}`;
}

/** Erases a user and all users merged into it, because they are one person. Tombstones remain. */
export function eraseUser(store: UserStore, user: User): User {
  const [, ...merged] = store.mergeGroupOf(user);
  for (const { tenantId, id } of merged) eraseOne(store, store.row(tenantId, id)?.user as User);
  return eraseOne(store, user);
}

function eraseOne(store: UserStore, { tenantId, id, role, createTime, deleteTime }: User): User {
  eraseRelatedRecords(store, { tenantId, id });
  const times = { ...(createTime && { createTime }), ...(deleteTime && { deleteTime }) };
  const tombstone = toUser(tenantId, id, { role, state: UserState.DELETED, ...times });
  return store.write(tombstone, { kind: UserChangeKind.ERASED });
}

function eraseRelatedRecords(
  { externalIds: external, notes, activities, statistics: figures, merges }: UserStore,
  owner: Owner,
): void {
  for (const each of [external, notes, activities, figures]) each.clear(owner);
  for (const merge of merges.of(owner)) merge.before = undefined;
}
