import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  BatchGetUsersResponseSchema,
  GetUserResponseSchema,
  type UserOutcomeSchema,
} from '@rollcall/contract/user';
import { encodeInit, MAX_MESSAGE_BYTES, PreparedAnswer, runtimeError } from '@rollcall/runtime/rpc';
import type { UserOutcome } from '../users/batch-get-users.ts';
import type { User } from '../users/user.ts';
import { toUserInit } from './user-message.ts';

// Encodings of parts of a message, one behind the other, are an encoding of the whole: protobuf merges them. So what a
// user is in an answer is encoded once, for as long as that very object is remembered.
const singles = new WeakMap<User, Uint8Array>();
const batched = new WeakMap<User, Uint8Array>();

type ReadTime = MessageInitShape<typeof TimestampSchema>;

/** The answer of GetUser. */
export function singleAnswer(user: User, readTime: ReadTime) {
  return prepare(GetUserResponseSchema, {
    toParts: () => [
      once(singles, user, () => encodeInit(GetUserResponseSchema, { user: toUserInit(user) })),
      encodeInit(GetUserResponseSchema, { readTime }),
    ],
    toInit: () => ({ user: toUserInit(user), readTime }),
  });
}

/** The answer of BatchGetUsers: `outcomes` to `ids`, as they were asked for. Throws RpcError MESSAGE_TOO_LARGE. */
export function batchAnswer(ids: readonly string[], outcomes: readonly UserOutcome[], readTime: ReadTime) {
  checkSize(outcomes);
  return prepare(BatchGetUsersResponseSchema, {
    toParts: () => [
      ...outcomes.map((outcome, i) => encodeOutcome(ids[i] as string, outcome)),
      encodeInit(BatchGetUsersResponseSchema, { readTime }),
    ],
    toInit: () => ({
      outcomes: outcomes.map((outcome, i) => toOutcomeInit(ids[i] as string, outcome)),
      readTime,
    }),
  });
}

function prepare<Desc extends DescMessage>(
  schema: Desc,
  { toParts, toInit }: { toParts: () => Uint8Array[]; toInit: () => MessageInitShape<Desc> },
): PreparedAnswer<MessageShape<Desc>> {
  return new PreparedAnswer({
    toBytes: () => Buffer.concat(toParts()),
    toMessage: () => create(schema, toInit()),
  });
}

function encodeOutcome(id: string, outcome: UserOutcome): Uint8Array {
  const make = () => encodeInit(BatchGetUsersResponseSchema, { outcomes: [toOutcomeInit(id, outcome)] });
  // An outcome holds the id as it was asked for, which may be in upper case or of a user that was merged away.
  return outcome.kind === 'user' && outcome.user.id === id ? once(batched, outcome.user, make) : make();
}

function once(encodings: WeakMap<User, Uint8Array>, user: User, make: () => Uint8Array): Uint8Array {
  const known = encodings.get(user);
  if (known !== undefined) return known;
  const made = make();
  encodings.set(user, made);
  return made;
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
