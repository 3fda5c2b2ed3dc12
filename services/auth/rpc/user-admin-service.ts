import { createHash } from 'node:crypto';
import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import {
  CreateUserRequestSchema,
  CreateUserResponseSchema,
  ListUsersResponseSchema,
  UpdateUserRequestSchema,
  UpdateUserResponseSchema,
  type UserAdminService,
  type User as UserMessage,
} from '@rollcall/contract/user';
import type { Implementation } from '@rollcall/runtime';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../users/create-user.ts';
import { listUsers } from '../users/list-users.ts';
import { updateUser } from '../users/update-user.ts';
import type { UserReads } from '../users/user-reads.ts';
import type { UserWrites, WriteRequest } from '../users/user-writes.ts';
import { listFromRequest, tokensFor } from './list-users.ts';
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
      const page = await listUsers(reads, listFromRequest(request, tokens));
      return create(ListUsersResponseSchema, {
        users: page.users.map(toUserMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
      });
    },
  };
}

// Field rules have made sure of `user` by the time a handler runs; the casts above rely on it.
function writeRequest<S extends DescMessage>(
  schema: S,
  request: MessageShape<S> & { requestId: string },
): { request?: WriteRequest } {
  if (!request.requestId) return {};
  const fingerprint = createHash('sha256').update(toBinary(schema, request)).digest();
  return {
    request: {
      id: request.requestId.toLowerCase(),
      method: schema.name,
      fingerprint,
    },
  };
}
