import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate, timestampNow } from '@bufbuild/protobuf/wkt';
import { isStorable } from '@rollcall/contract/request-content';
import {
  ResolveUsersResponseSchema,
  UserChangeKind,
  type UserChangeSchema,
  type UserKey,
  type UserService,
  UserView as ViewMessage,
  type WatchUsersResponse,
  WatchUsersResponseSchema,
} from '@rollcall/contract/user';
import type { Implementation } from '@rollcall/runtime/rpc';
import type { ChangeFeed, WatchUpdate } from '../feed/change-feed.ts';
import { batchGetUsers, getUser, type ResolveKey, resolveUsers } from '../users/reading/get-users.ts';
import type { UserReads } from '../users/reading/user-reads.ts';
import { etagOf, type UserView } from '../users/user.ts';
import { type UserChange, VIEWS } from '../users/user-change.ts';
import { batchAnswer, singleAnswer } from './prepared-users.ts';
import { toRpcError } from './status-by-reason.ts';
import { toUserMessage, viewFromMessage } from './user-message.ts';

/** Implements UserService. */
export function userServiceImplementation(
  reads: UserReads,
  feed: ChangeFeed,
): Implementation<typeof UserService> {
  const messages = new WeakMap<WatchUpdate, WatchUsersResponse>();
  return {
    async getUser(request) {
      // Taken before the read, so that the answer holds at this time or later.
      const readTimeMs = Date.now();
      const user = await getUser(reads, {
        tenantId: request.tenantId,
        id: request.id.toLowerCase(),
        view: viewFromMessage(request.view),
        minVersion: request.minVersion,
      });
      return singleAnswer(user, readTimeMs);
    },
    async batchGetUsers(request) {
      const readTimeMs = Date.now();
      const outcomes = await batchGetUsers(reads, {
        tenantId: request.tenantId,
        ids: request.ids.map((id) => id.toLowerCase()),
        view: viewFromMessage(request.view),
        knownVersions: byLowerCaseId(request.knownVersions),
        knownUnratedVersions: byLowerCaseId(request.knownUnratedVersions),
        minVersions: byLowerCaseId(request.minVersions),
        requireAll: request.requireAll,
      });
      return batchAnswer(request.ids, outcomes, readTimeMs);
    },
    async resolveUsers(request) {
      const readTime = timestampNow();
      const users = await resolveUsers(reads, {
        tenantId: request.tenantId,
        keys: request.keys.map(keyFromMessage),
        view: viewFromMessage(request.view),
      });
      const outcomes = request.keys.map((key, i) => {
        const user = users[i];
        return user
          ? {
              key,
              outcome: { case: 'user' as const, value: toUserMessage(user) },
            }
          : { key, outcome: { case: 'missing' as const, value: {} } };
      });
      return create(ResolveUsersResponseSchema, { outcomes, readTime });
    },
    async *watchUsers({ tenantIds, cursor }, call) {
      for await (const update of feed.watch(
        { tenantIds, cursor },
        { signal: call.signal, abort: (error) => call.abort(toRpcError(error)) },
      )) {
        // Watchers that get the same update share one message, so that it is encoded once.
        const message = messages.get(update) ?? toUpdateMessage(update);
        messages.set(update, message);
        yield message;
      }
    },
  };
}

function toUpdateMessage({ feed, changes, cursor, time }: WatchUpdate) {
  return create(WatchUsersResponseSchema, {
    changes: changes.map(toChangeMessage),
    checkpoint: { cursor, time: timestampFromDate(time), feed },
  });
}

function toChangeMessage({
  touched,
  kind,
  ...change
}: UserChange): MessageInitShape<typeof UserChangeSchema> {
  const message = { ...change, kind: UserChangeKind[kind] };
  if (!touched) return message;
  const views = viewsFrom(touched.content);
  const touchedViews = {
    views,
    figureViews: viewsFrom(touched.figures).filter((view) => !views.includes(view)),
    updateTime: timestampFromDate(touched.updateTime),
    etag: etagOf(change.version),
  };
  return { ...message, touchedViews };
}

function viewsFrom(smallest: UserView | null): ViewMessage[] {
  return smallest === null ? [] : VIEWS.slice(VIEWS.indexOf(smallest)).map((view) => ViewMessage[view]);
}

function byLowerCaseId(versions: Readonly<Record<string, bigint>>): Map<string, bigint> {
  return new Map(Object.entries(versions).map(([id, version]) => [id.toLowerCase(), version]));
}

function keyFromMessage({ key }: UserKey): ResolveKey {
  if (key.case !== 'externalId') return { email: key.value ?? '' };
  const { source, externalId } = key.value;
  // An id that cannot be stored finds no user, and must not fail the other keys.
  return isStorable(externalId) ? { external: { source, externalId } } : { email: '' };
}
