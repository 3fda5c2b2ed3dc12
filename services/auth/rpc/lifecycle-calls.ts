import { create } from '@bufbuild/protobuf';
import {
  DeleteUserResponseSchema,
  EraseUserResponseSchema,
  UndeleteUserResponseSchema,
} from '@rollcall/contract/user';
import { deleteUser } from '../users/delete-user.ts';
import { eraseUser } from '../users/erase-user.ts';
import { undeleteUser } from '../users/undelete-user.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { toUserMessage } from './user-message.ts';
import { writeRequest } from './write-request.ts';

/** DeleteUser, UndeleteUser, EraseUser. */
export function lifecycleCalls({
  writes,
}: AdminParts): AdminCalls<'deleteUser' | 'undeleteUser' | 'eraseUser'> {
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
