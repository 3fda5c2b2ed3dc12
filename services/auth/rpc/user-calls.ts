import { create } from '@bufbuild/protobuf';
import {
  CreateUserResponseSchema,
  ListUsersResponseSchema,
  UpdateUserResponseSchema,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../users/create-user.ts';
import { listUsers, positionOf } from '../users/list-users.ts';
import { updateUser } from '../users/update-user.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { listFromRequest, mostUserBytes, tokensFor } from './list-users.ts';
import { takeFitting } from './take-fitting.ts';
import { changesFromMask, changesFromNew } from './user-changes.ts';
import { toUserMessage } from './user-message.ts';
import { writeRequest } from './write-request.ts';

/** CreateUser, UpdateUser, ListUsers. Field rules have made sure of `user`; the casts rely on it. */
export function userCalls({
  reads,
  writes,
}: AdminParts): AdminCalls<'createUser' | 'updateUser' | 'listUsers'> {
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
    async listUsers(request) {
      const tokens = tokensFor(request);
      const list = listFromRequest(request, tokens);
      const page = await listUsers(reads, list);
      const users = takeFitting(page.users.map(toUserMessage), mostUserBytes);
      const last = page.users[users.length - 1];
      // A page that one answer cannot hold is cut, and goes on behind its last user.
      const next = last && users.length < page.users.length ? positionOf(last, list) : page.next;
      return create(ListUsersResponseSchema, { users, nextPageToken: next ? tokens.write(next) : '' });
    },
  };
}
