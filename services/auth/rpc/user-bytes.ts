import { toBinary } from '@bufbuild/protobuf';
import { ProfileSchema, UserRole as RoleMessage, UserState as StateMessage } from '@rollcall/contract/user';
import { type MessageWriter, writeMessage } from '@rollcall/runtime/rpc';
import type { UserOutcome } from '../users/reading/batch-get-users.ts';
import { etagOf, shownName, type User } from '../users/user.ts';
import { toProfileMessage } from './user-message.ts';

/** A GetUserResponse. `readTimeMs`: since 1970. */
export function encodeUser(user: User, readTimeMs: number): Uint8Array {
  return writeMessage((writer) => {
    writeUser(writer, 1, user);
    writer.time(2, readTimeMs);
  });
}

/** A BatchGetUsersResponse: `outcomes` to `ids`, as they were asked for. */
export function encodeOutcomes(
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
