import { create } from '@bufbuild/protobuf';
import { timestampFromDate, timestampNow } from '@bufbuild/protobuf/wkt';
import {
  BatchGetUsersResponseSchema,
  GetUserResponseSchema,
  MissingUserSchema,
  type UserOutcome as OutcomeMessage,
  type ResolveUsersRequest,
  ResolveUsersResponseSchema,
  UnchangedUserSchema,
  UserChangeKind,
  type User as UserMessage,
  UserOutcomeSchema,
  type UserService,
  type WatchUsersResponse,
  WatchUsersResponseSchema,
} from '@rollcall/contract/user';
import { type Implementation, MAX_MESSAGE_BYTES, runtimeError } from '@rollcall/runtime/rpc';
import type { ChangeFeed, WatchNews } from '../feed/change-feed.ts';
import { batchGetUsers, type UserOutcome } from '../users/batch-get-users.ts';
import { getUser } from '../users/get-user.ts';
import { resolveUsers } from '../users/resolve-users.ts';
import type { User } from '../users/user.ts';
import type { UserReads } from '../users/user-reads.ts';
import { toRpcError } from './status-by-reason.ts';
import { toUserMessage, viewFromMessage } from './user-message.ts';

/** The calls of UserService. */
export function userServiceImplementation(
  reads: UserReads,
  feed: ChangeFeed,
): Implementation<typeof UserService> {
  const messages = new WeakMap<WatchNews, WatchUsersResponse>();
  return {
    async getUser(request) {
      // Taken before the read: the answer is true then or later.
      const readTime = timestampNow();
      const user = await getUser(reads, {
        tenantId: request.tenantId,
        id: request.id.toLowerCase(),
        view: viewFromMessage(request.view),
        minVersion: request.minVersion,
      });
      return create(GetUserResponseSchema, {
        user: toUserMessage(user),
        readTime,
      });
    },
    async batchGetUsers(request) {
      const readTime = timestampNow();
      const outcomes = await batchGetUsers(reads, {
        tenantId: request.tenantId,
        ids: request.ids.map((id) => id.toLowerCase()),
        view: viewFromMessage(request.view),
        knownVersions: byLowerCaseId(request.knownVersions),
        minVersions: byLowerCaseId(request.minVersions),
        requireAll: request.requireAll,
      });
      return create(BatchGetUsersResponseSchema, {
        outcomes: toOutcomeMessages(request.ids, outcomes),
        readTime,
      });
    },
    async resolveUsers(request) {
      const readTime = timestampNow();
      const users = await resolveUsers(reads, {
        tenantId: request.tenantId,
        emails: emailsOf(request),
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
      for await (const news of feed.watch(
        { tenantIds, cursor },
        { signal: call.signal, abort: (error) => call.abort(toRpcError(error)) },
      )) {
        // The same news for many watchers are the same message, so that they are encoded once.
        const message = messages.get(news) ?? toNewsMessage(news);
        messages.set(news, message);
        yield message;
      }
    },
  };
}

function toNewsMessage({ changes, cursor, time }: WatchNews) {
  return create(WatchUsersResponseSchema, {
    changes: changes.map((change) => ({ ...change, kind: UserChangeKind[change.kind] })),
    checkpoint: { cursor, time: timestampFromDate(time) },
  });
}

// A user that was asked for often is made once, and no more is made than one answer can hold.
function toOutcomeMessages(ids: readonly string[], outcomes: readonly UserOutcome[]): OutcomeMessage[] {
  const made = new Map<User, UserMessage>();
  let bytes = 0;
  return outcomes.map((outcome, i) => {
    if (outcome.kind === 'user') bytes += Buffer.byteLength(JSON.stringify(outcome.user.profile ?? ''));
    if (bytes > MAX_MESSAGE_BYTES) throw tooLarge(ids.length);
    return create(UserOutcomeSchema, { id: ids[i] ?? '', outcome: toOutcomeMessage(outcome, made) });
  });
}

function tooLarge(count: number) {
  const message = `One answer cannot hold the profiles of ${count} users; ask for fewer at once, or for a smaller view.`;
  return runtimeError('MESSAGE_TOO_LARGE', message, { metadata: { ids: String(count) } });
}

function toOutcomeMessage(outcome: UserOutcome, made: Map<User, UserMessage>): OutcomeMessage['outcome'] {
  switch (outcome.kind) {
    case 'user':
      return { case: 'user' as const, value: toUserMessageOnce(outcome.user, made) };
    case 'missing':
      return { case: 'missing' as const, value: create(MissingUserSchema) };
    case 'unchanged':
      return {
        case: 'unchanged' as const,
        value: create(UnchangedUserSchema, { version: outcome.version }),
      };
  }
}

function toUserMessageOnce(user: User, made: Map<User, UserMessage>): UserMessage {
  const message = made.get(user) ?? toUserMessage(user);
  made.set(user, message);
  return message;
}

function byLowerCaseId(versions: Readonly<Record<string, bigint>>): Map<string, bigint> {
  return new Map(Object.entries(versions).map(([id, version]) => [id.toLowerCase(), version]));
}

function emailsOf(request: ResolveUsersRequest): string[] {
  return request.keys.map(({ key }, i) => {
    if (key.case === 'email') return key.value;
    throw runtimeError(
      'NOT_IMPLEMENTED',
      `keys[${i}].external_id is not implemented yet; resolve by email.`,
      {
        metadata: { field: `keys[${i}].external_id` },
      },
    );
  });
}
