import { create } from '@bufbuild/protobuf';
import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank } from '@rollcall/contract/text';
import { ModifyTagsResponseSchema } from '@rollcall/contract/user';
import { invalidField, SHOWS_NOTHING } from '@rollcall/runtime/rpc';
import { modifyTags } from '../users/modify-tags.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { toUserMessage } from './user-message.ts';
import { writeRequest } from './write-request.ts';

/** ModifyTags. */
export function tagCalls({ writes }: AdminParts): AdminCalls<'modifyTags'> {
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
