import { create } from '@bufbuild/protobuf';
import {
  CreateUserResponseSchema,
  UpdateUserResponseSchema,
  type UserAdminService,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { digestOf } from '@rollcall/runtime';
import type { Implementation } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../users/create-user.ts';
import { updateUser } from '../users/update-user.ts';
import type { UserReads } from '../users/user-reads.ts';
import type { UserSearch } from '../users/user-search.ts';
import type { UserWrites, WriteRequest } from '../users/user-writes.ts';
import { searchCalls } from './search-calls.ts';
import { changesFromMask, changesFromNew } from './user-changes.ts';
import { toUserMessage } from './user-message.ts';

/** The calls of UserAdminService that are implemented: CreateUser, UpdateUser, ListUsers, SearchUsers. */
export function userAdminServiceImplementation(
  reads: UserReads,
  writes: UserWrites,
  search: UserSearch,
): Implementation<typeof UserAdminService> {
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
    ...searchCalls(reads, search),
  };
}

// Field rules have made sure of `user` by the time a handler runs; the casts above rely on it.
// The digest is of what is written, not of the message: neither what is output only nor the case of an id counts.
function writeRequest(
  method: string,
  { requestId }: { requestId: string },
  written: object,
): { request?: WriteRequest } {
  return requestId
    ? { request: { id: requestId.toLowerCase(), method, fingerprint: digestOf(written) } }
    : {};
}
