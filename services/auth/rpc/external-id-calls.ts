import { create } from '@bufbuild/protobuf';
import { isStorable } from '@rollcall/contract/request-content';
import {
  type ExternalId as ExternalIdMessage,
  LinkExternalIdResponseSchema,
  ListExternalIdsResponseSchema,
  UnlinkExternalIdResponseSchema,
} from '@rollcall/contract/user';
import { requireStorable } from '@rollcall/runtime/rpc';
import { linkExternalId, unlinkExternalId } from '../users/records/external-ids.ts';
import type { ExternalId } from '../users/records/user-records.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { cutPage } from './take-fitting.ts';
import { toUserMessage } from './user-message.ts';
import { userPageFrom } from './user-page.ts';
import { writeRequest } from './write-request.ts';

// Of a message with both texts at their longest, every character escaped.
const EXTERNAL_ID_BYTES = 6 * (63 + 200) + 100;

/** LinkExternalId, UnlinkExternalId, ListExternalIds. */
export function externalIdCalls({
  reads,
  writes,
  records,
}: AdminParts): AdminCalls<'linkExternalId' | 'unlinkExternalId' | 'listExternalIds'> {
  return {
    async linkExternalId(request) {
      const command = commandFrom(request);
      const write = writeRequest('LinkExternalId', request, command);
      const user = await linkExternalId(writes, { ...command, ...write });
      return create(LinkExternalIdResponseSchema, { user: toUserMessage(user) });
    },
    async unlinkExternalId(request) {
      const command = commandFrom(request);
      const write = writeRequest('UnlinkExternalId', request, command);
      const user = await unlinkExternalId(writes, { ...command, ...write });
      return create(UnlinkExternalIdResponseSchema, { user: toUserMessage(user) });
    },
    async listExternalIds(request) {
      const asked = await userPageFrom(reads, request, {
        method: 'ListExternalIds',
        isPosition: isExternalId,
      });
      const { owner, position: after, limit, tokens } = asked;
      const found = await records.listExternalIds({ ...owner, after, limit: limit + 1 });
      const { page, last } = cutPage(found, limit, () => EXTERNAL_ID_BYTES);
      return create(ListExternalIdsResponseSchema, {
        externalIds: page,
        nextPageToken: last ? tokens.write(last) : '',
      });
    },
  };
}

function commandFrom(request: { tenantId: string; id: string; externalId?: ExternalIdMessage | undefined }): {
  tenantId: string;
  id: string;
  externalId: ExternalId;
} {
  const { source = '', externalId = '' } = request.externalId ?? {};
  requireStorable('external_id.external_id', externalId);
  return {
    tenantId: request.tenantId,
    id: request.id.toLowerCase(),
    externalId: { source, externalId },
  };
}

function isExternalId(value: unknown): value is ExternalId {
  const { source, externalId } = (value ?? {}) as Partial<Record<keyof ExternalId, unknown>>;
  return [source, externalId].every((text) => typeof text === 'string' && isStorable(text));
}
