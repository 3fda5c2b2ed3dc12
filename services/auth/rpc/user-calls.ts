import { create } from '@bufbuild/protobuf';
import {
  CreateUserResponseSchema,
  UpdateUserResponseSchema,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../users/create-user.ts';
import { updateUser } from '../users/update-user.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { changesFromMask, changesFromNew } from './user-changes.ts';
import { toUserMessage } from './user-message.ts';
import { writeRequest } from './write-request.ts';

/** CreateUser, UpdateUser. Field rules have made sure of `user`; the casts rely on it. */
export function userCalls({ writes }: AdminParts): AdminCalls<'createUser' | 'updateUser'> {
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
