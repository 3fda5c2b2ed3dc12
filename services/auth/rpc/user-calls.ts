import { create } from '@bufbuild/protobuf';
import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank } from '@rollcall/contract/text';
import {
  CreateUserResponseSchema,
  DeleteUserResponseSchema,
  EraseUserResponseSchema,
  ModifyTagsResponseSchema,
  UndeleteUserResponseSchema,
  UpdateUserResponseSchema,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { invalidField, SHOWS_NOTHING } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import {
  createUser,
  deleteUser,
  eraseUser,
  modifyTags,
  undeleteUser,
  updateUser,
} from '../users/user-commands.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { writeRequest } from './request-fields.ts';
import { changesFromMask, changesFromNew } from './user-changes.ts';
import { toUserMessage } from './user-message.ts';

/** Implements CreateUser and UpdateUser. Field rules require `user`, on which the casts rely. */
export function userCalls({ writes }: AdminDependencies): AdminCalls<'createUser' | 'updateUser'> {
  return {
    async createUser(request) {
      const { tenantId, userId } = request;
      const user = changesFromNew(request.user as UserMessage);
      const write = writeRequest('CreateUser', request, { tenantId, userId, user });
      const made = await createUser(writes, { tenantId, id: userId || uuidv7(), user, ...write });
      return create(CreateUserResponseSchema, { user: toUserMessage(made) });
    },
    async updateUser(request) {
      const { tenantId } = request;
      const user = request.user as UserMessage;
      const command = {
        id: user.id.toLowerCase(),
        changes: changesFromMask(user, request.updateMask?.paths ?? []),
        etag: user.etag,
      };
      const write = writeRequest('UpdateUser', request, { tenantId, ...command });
      const changed = await updateUser(writes, { tenantId, ...command, ...write });
      return create(UpdateUserResponseSchema, { user: toUserMessage(changed) });
    },
  };
}

/** Implements DeleteUser, UndeleteUser and EraseUser. */
export function lifecycleCalls({
  writes,
}: AdminDependencies): AdminCalls<'deleteUser' | 'undeleteUser' | 'eraseUser'> {
  return {
    async deleteUser(request) {
      const command = { tenantId: request.tenantId, id: request.id.toLowerCase(), etag: request.etag };
      const user = await deleteUser(writes, { ...command, ...writeRequest('DeleteUser', request, command) });
      return create(DeleteUserResponseSchema, { user: toUserMessage(user) });
    },
    async undeleteUser(request) {
      const command = { tenantId: request.tenantId, id: request.id.toLowerCase(), etag: request.etag };
      const write = writeRequest('UndeleteUser', request, command);
      const user = await undeleteUser(writes, { ...command, ...write });
      return create(UndeleteUserResponseSchema, { user: toUserMessage(user) });
    },
    async eraseUser(request) {
      const command = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const user = await eraseUser(writes, { ...command, ...writeRequest('EraseUser', request, command) });
      return create(EraseUserResponseSchema, { user: toUserMessage(user) });
    },
  };
}

/** Implements ModifyTags. */
export function tagCalls({ writes }: AdminDependencies): AdminCalls<'modifyTags'> {
  return {
    async modifyTags(request) {
      const { tenantId, add, remove } = request;
      if (!add.every(isStorable)) throw invalidField('add', UNSTORABLE);
      if (add.some(isBlank)) throw invalidField('add', SHOWS_NOTHING);
      const command = { tenantId, id: request.id.toLowerCase(), add, remove };
      const user = await modifyTags(writes, { ...command, ...writeRequest('ModifyTags', request, command) });
      return create(ModifyTagsResponseSchema, { user: toUserMessage(user) });
    },
  };
}
