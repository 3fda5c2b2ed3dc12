import { createHash } from 'node:crypto';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type ExternalId,
  LinkExternalIdRequestSchema,
  UnlinkExternalIdRequestSchema,
  type UserAdminService,
} from '@rollcall/contract/user';
import type { WriteOnce } from './idempotency.ts';
import { requireNotErased, requireReadable, requireUser } from './lifecycle.ts';
import { invalidField, refusal } from './model/refusal.ts';
import { externalIdKey } from './model/related-records.ts';
import type { UserStore } from './model/user-store.ts';
import { requireStorableText } from './writable-fields.ts';

type Calls = Pick<
  ServiceImpl<typeof UserAdminService>,
  'linkExternalId' | 'unlinkExternalId' | 'listExternalIds'
>;

/** Handlers of LinkExternalId, UnlinkExternalId and ListExternalIds. */
export function createExternalIdHandlers(store: UserStore, writeOnce: WriteOnce): Calls {
  return {
    linkExternalId: (request) => {
      const externalId = request.externalId as ExternalId;
      requireStorableText('external_id.external_id', externalId.externalId);
      return writeOnce(LinkExternalIdRequestSchema, request, () => {
        const user = requireUser(store, request);
        requireNotErased(store, user);
        const holder = store.externalIds.holder(request.tenantId, externalId);
        if (holder !== undefined && holder !== user.id) {
          const message = `Another user of tenant ${request.tenantId} has this name in ${externalId.source}.`;
          throw refusal(Code.AlreadyExists, 'EXTERNAL_ID_TAKEN', message);
        }
        store.externalIds.link(user, externalId);
        return user;
      });
    },
    unlinkExternalId: (request) => {
      const externalId = request.externalId as ExternalId;
      requireStorableText('external_id.external_id', externalId.externalId);
      return writeOnce(UnlinkExternalIdRequestSchema, request, () => {
        const user = requireUser(store, request);
        store.externalIds.unlink(user, externalId);
        return user;
      });
    },
    listExternalIds({ tenantId, id, pageSize, pageToken }) {
      const user = requireReadable(store, { tenantId, id });
      const after = readToken(pageToken, user.id);
      const all = store.externalIds
        .of(user)
        .filter((each) => after === undefined || externalIdKey(each) > after);
      const page = all.slice(0, Math.min(pageSize || 50, 1000));
      const last = page.at(-1);
      const nextPageToken = last && page.length < all.length ? writeToken(externalIdKey(last), user.id) : '';
      return { externalIds: page, nextPageToken };
    },
  };
}

function writeToken(key: string, userId: string): string {
  return Buffer.from(JSON.stringify([fingerprintOf(userId), key])).toString('base64url');
}

function readToken(token: string, userId: string): string | undefined {
  if (token === '') return undefined;
  try {
    const [fingerprint, key] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (fingerprint === fingerprintOf(userId) && typeof key === 'string') return key;
  } catch {
    // Refused below.
  }
  throw invalidField('page_token', 'is not a token of this request', 'PAGE_TOKEN_INVALID');
}

function fingerprintOf(userId: string): string {
  return createHash('sha256').update(`ListExternalIds ${userId}`).digest('base64url').slice(0, 12);
}
