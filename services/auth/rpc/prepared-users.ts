import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BatchGetUsersResponse,
  BatchGetUsersResponseSchema,
  type GetUserResponse,
  GetUserResponseSchema,
  ProfileSchema,
  UserRole as RoleMessage,
  UserState as StateMessage,
  type UserOutcomeSchema,
} from '@rollcall/contract/user';
import {
  MAX_MESSAGE_BYTES,
  type MessageWriter,
  PreparedAnswer,
  runtimeError,
  writeMessage,
} from '@rollcall/runtime/rpc';
import type { UserOutcome } from '../users/reading/get-users.ts';
import { etagOf, shownName, type User } from '../users/user.ts';
import { toProfileMessage, toUserInit } from './user-message.ts';

/**
 * Prepares the answer of GetUser.
 * @param readTimeMs milliseconds since 1970.
 */
export function singleAnswer(user: User, readTimeMs: number): PreparedAnswer<GetUserResponse> {
  return new PreparedAnswer({
    toBytes: () => encodeUser(user, readTimeMs),
    toMessage: () =>
      create(GetUserResponseSchema, { user: toUserInit(user), readTime: timestampFromMs(readTimeMs) }),
  });
}

/**
 * Prepares the answer of BatchGetUsers.
 * @param outcomes one for each of `ids`, in order.
 * @throws RpcError MESSAGE_TOO_LARGE.
 */
export function batchAnswer(
  ids: readonly string[],
  outcomes: readonly UserOutcome[],
  readTimeMs: number,
): PreparedAnswer<BatchGetUsersResponse> {
  checkSize(outcomes);
  return new PreparedAnswer({
    toBytes: () => encodeOutcomes(ids, outcomes, readTimeMs),
    toMessage: () =>
      create(BatchGetUsersResponseSchema, {
        outcomes: outcomes.map((outcome, i) => toOutcomeInit(ids[i] as string, outcome)),
        readTime: timestampFromMs(readTimeMs),
      }),
  });
}

function toOutcomeInit(id: string, outcome: UserOutcome): MessageInitShape<typeof UserOutcomeSchema> {
  switch (outcome.kind) {
    case 'user':
      return { id, outcome: { case: 'user', value: toUserInit(outcome.user) } };
    case 'missing':
      return { id, outcome: { case: 'missing', value: {} } };
    case 'unchanged':
      return { id, outcome: { case: 'unchanged', value: { version: outcome.version } } };
  }
}

// Only profiles can be so large. The check comes first, so that an answer that is too large is never encoded.
function checkSize(outcomes: readonly UserOutcome[]): void {
  let bytes = 0;
  for (const outcome of outcomes) {
    if (outcome.kind !== 'user' || outcome.user.profile === undefined) continue;
    bytes += Buffer.byteLength(JSON.stringify([outcome.user.profile, outcome.user.tags]));
    if (bytes > MAX_MESSAGE_BYTES) throw tooLarge(outcomes.length);
  }
}

function tooLarge(count: number) {
  const message = `One answer cannot hold the profiles of ${count} users; ask for fewer at once, or for a smaller view.`;
  return runtimeError('MESSAGE_TOO_LARGE', message, { metadata: { ids: String(count) } });
}

/** Encodes a GetUserResponse. */
function encodeUser(user: User, readTimeMs: number): Uint8Array {
  return writeMessage((writer) => {
    writeUser(writer, 1, user);
    writer.time(2, readTimeMs);
  });
}

/** Encodes a BatchGetUsersResponse. */
function encodeOutcomes(
  ids: readonly string[],
  outcomes: readonly UserOutcome[],
  readTimeMs: number,
): Uint8Array {
  return writeMessage((writer) => {
    for (let i = 0; i < ids.length; i++) {
      const start = writer.open(1);
      writer.text(1, ids[i] as string);
      writeOutcome(writer, outcomes[i] as UserOutcome);
      writer.close(start);
    }
    writer.time(2, readTimeMs);
  });
}

function writeOutcome(writer: MessageWriter, outcome: UserOutcome): void {
  if (outcome.kind === 'user') {
    writeUser(writer, 2, outcome.user);
    return;
  }
  const start = writer.open(outcome.kind === 'missing' ? 3 : 4);
  if (outcome.kind === 'unchanged') writer.int64(1, outcome.version);
  writer.close(start);
}

function writeUser(writer: MessageWriter, field: number, user: User): void {
  const start = writer.open(field);
  writer.text(1, user.id);
  writer.text(2, user.tenantId);
  writer.int64(3, user.version);
  writer.int32(4, StateMessage[user.state]);
  writer.int32(5, RoleMessage[user.role]);
  writer.text(6, user.firstName);
  writer.text(7, user.lastName);
  writer.text(8, shownName(user));
  writer.text(9, user.profileImage);
  writer.text(10, user.businessName);
  writer.double(11, user.averageRating);
  writer.int32(12, user.totalReviews);
  if (user.contact) {
    writer.text(13, user.contact.email);
    writer.text(14, user.contact.phone);
  }
  writer.time(15, user.createTime.getTime());
  writer.time(16, user.updateTime.getTime());
  if (user.deleteTime) writer.time(17, user.deleteTime.getTime());
  writer.text(18, etagOf(user.version));
  if (user.profile) {
    const profile = writer.open(19);
    writer.raw(toBinary(ProfileSchema, toProfileMessage(user)));
    writer.close(profile);
  }
  writer.close(start);
}
