import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BatchGetUsersResponse,
  BatchGetUsersResponseSchema,
  type GetUserResponse,
  GetUserResponseSchema,
  type UserOutcomeSchema,
} from '@rollcall/contract/user';
import { MAX_MESSAGE_BYTES, PreparedAnswer, runtimeError } from '@rollcall/runtime/rpc';
import type { UserOutcome } from '../users/reading/batch-get-users.ts';
import type { User } from '../users/user.ts';
import { encodeOutcomes, encodeUser } from './user-bytes.ts';
import { toUserInit } from './user-message.ts';

/** The answer of GetUser. `readTimeMs`: since 1970. */
export function singleAnswer(user: User, readTimeMs: number): PreparedAnswer<GetUserResponse> {
  return new PreparedAnswer({
    toBytes: () => encodeUser(user, readTimeMs),
    toMessage: () =>
      create(GetUserResponseSchema, { user: toUserInit(user), readTime: timestampFromMs(readTimeMs) }),
  });
}

/** The answer of BatchGetUsers: `outcomes` to `ids`, as they were asked for. Throws RpcError MESSAGE_TOO_LARGE. */
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

// Only profiles can be so large. Nothing is made of an answer that no message can hold.
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
