import { create, type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import {
  CreateUserRequestSchema,
  CreateUserResponseSchema,
  ListUsersResponseSchema,
  UpdateUserRequestSchema,
  UpdateUserResponseSchema,
  type UserAdminService,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { digestOf } from '@rollcall/runtime';
import type { Implementation } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../users/create-user.ts';
import { listUsers, positionOf } from '../users/list-users.ts';
import { updateUser } from '../users/update-user.ts';
import type { UserReads } from '../users/user-reads.ts';
import type { UserWrites, WriteRequest } from '../users/user-writes.ts';
import { listFromRequest, takeFitting, tokensFor } from './list-users.ts';
import { changesFromMask, changesFromNew } from './user-changes.ts';
import { toUserMessage } from './user-message.ts';

/** The calls of UserAdminService that are implemented: CreateUser, UpdateUser, ListUsers. */
export function userAdminServiceImplementation(
  reads: UserReads,
  writes: UserWrites,
): Implementation<typeof UserAdminService> {
  return {
    async createUser(request) {
      const user = await createUser(writes, {
        tenantId: request.tenantId,
        id: request.userId || uuidv7(),
        user: changesFromNew(request.user as UserMessage),
        ...writeRequest(CreateUserRequestSchema, request),
      });
      return create(CreateUserResponseSchema, { user: toUserMessage(user) });
    },
    async updateUser(request) {
      const user = request.user as UserMessage;
      const changed = await updateUser(writes, {
        tenantId: request.tenantId,
        id: user.id.toLowerCase(),
        changes: changesFromMask(user, request.updateMask?.paths ?? []),
        etag: user.etag,
        ...writeRequest(UpdateUserRequestSchema, request),
      });
      return create(UpdateUserResponseSchema, { user: toUserMessage(changed) });
    },
    async listUsers(request) {
      const tokens = tokensFor(request);
      const list = listFromRequest(request, tokens);
      const page = await listUsers(reads, list);
      const users = takeFitting(page.users.map(toUserMessage));
      const last = page.users[users.length - 1];
      // A page that one answer cannot hold is cut, and goes on behind its last user.
      const next = last && users.length < page.users.length ? positionOf(last, list) : page.next;
      return create(ListUsersResponseSchema, { users, nextPageToken: next ? tokens.write(next) : '' });
    },
  };
}

// Field rules have made sure of `user` by the time a handler runs; the casts above rely on it.
function writeRequest<S extends DescMessage>(
  schema: S,
  request: MessageShape<S> & { requestId: string },
): { request?: WriteRequest } {
  if (!request.requestId) return {};
  const fingerprint = digestOf(toJson(schema, request));
  return {
    request: {
      id: request.requestId.toLowerCase(),
      method: schema.name,
      fingerprint,
    },
  };
}
