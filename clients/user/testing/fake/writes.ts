import { clone, equals } from '@bufbuild/protobuf';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type CreateUserRequest,
  CreateUserRequestSchema,
  type UpdateUserRequest,
  UpdateUserRequestSchema,
  type User,
  type UserAdminService,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import type { WriteOnce } from './idempotency.ts';
import { refusal, userNotFound } from './model/refusal.ts';
import { newId, toUser, type UserStore } from './model/user-store.ts';
import { etagOf } from './model/views.ts';
import { copyFields, copyNewFields, requirePaths, requireSize, requireStorable } from './writable-fields.ts';

type Writes = Pick<ServiceImpl<typeof UserAdminService>, 'createUser' | 'updateUser'>;

/** Handlers of CreateUser and UpdateUser. */
export function createWriteHandlers(store: UserStore, writeOnce: WriteOnce): Writes {
  return {
    createUser(request: CreateUserRequest) {
      requireStorable(request.user as User);
      return writeOnce(CreateUserRequestSchema, request, () => createUser(store, request));
    },
    updateUser(request: UpdateUserRequest) {
      const given = request.user as User;
      requirePaths(given, request.updateMask?.paths ?? []);
      requireStorable(given);
      return writeOnce(UpdateUserRequestSchema, request, () => updateUser(store, request, given));
    },
  };
}

function createUser(store: UserStore, { tenantId, userId, user }: CreateUserRequest): User {
  const id = userId || newId();
  if (store.current(tenantId, id))
    throw refusal(Code.AlreadyExists, 'USER_ID_TAKEN', `Tenant ${tenantId} has a user ${id} already.`);
  const made = toUser(tenantId, id, {});
  copyNewFields(user as User, made);
  requireSize(made);
  return store.write(made);
}

function updateUser(store: UserStore, { tenantId, updateMask }: UpdateUserRequest, given: User): User {
  const before = store.current(tenantId, given.id);
  if (before === undefined) throw userNotFound(tenantId, given.id);
  if (given.etag !== '' && given.etag !== etagOf(before.version)) {
    const message = `User ${given.id} has changed since etag ${given.etag}; read it again.`;
    throw refusal(Code.Aborted, 'ETAG_MISMATCH', message);
  }
  if (before.state === UserState.DELETED)
    throw refusal(Code.FailedPrecondition, 'USER_DELETED', `User ${given.id} is deleted; undelete it first.`);
  const after = clone(UserSchema, before);
  copyFields(given, after, updateMask?.paths ?? []);
  requireSize(after);
  return equals(UserSchema, before, after) ? before : store.write(after);
}
