import { fromBinary, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { BatchGetUsersResponseSchema, GetUserResponseSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import type { UserOutcome } from '../users/batch-get-users.ts';
import type { User } from '../users/user.ts';
import { batchAnswer, singleAnswer } from './prepared-users.ts';

const ID = '01900000-0000-7000-8000-00000000000a';
const READ_TIME = timestampFromMs(1_700_000_000_123);

const ADA: User = {
  tenantId: 'acme',
  id: ID,
  version: 7n,
  state: 'ACTIVE',
  role: 'VENDOR',
  firstName: 'Ada',
  lastName: 'Lovelace',
  displayName: '',
  profileImage: 'https://images.example.com/ada.jpg',
  businessName: 'Engines',
  createTime: new Date(1_600_000_000_000),
  updateTime: new Date(1_650_000_000_000),
  deleteTime: null,
  contact: { email: 'ada@example.com', phone: '', averageRating: 4.5, totalReviews: 3 },
  profile: { tags: ['early'] },
};

describe('prepared answers', () => {
  it('says in bytes what the message says, for one user', () => {
    const answer = singleAnswer(ADA, READ_TIME);
    expect(fromBinary(GetUserResponseSchema, answer.toBytes())).toEqual(answer.toMessage());
  });

  it('says in bytes what the message says, for every outcome, twice', () => {
    const outcomes: UserOutcome[] = [
      { kind: 'user', user: ADA },
      { kind: 'missing' },
      { kind: 'unchanged', version: 9n },
      { kind: 'user', user: { ...ADA, id: ID.replace('a', 'b') } },
      { kind: 'user', user: ADA },
    ];
    const ids = [ID.toUpperCase(), 'x', 'y', ID, ID];
    for (const _ of [1, 2]) {
      const answer = batchAnswer(ids, outcomes, READ_TIME);
      const decoded = fromBinary(BatchGetUsersResponseSchema, answer.toBytes());
      expect(decoded).toEqual(answer.toMessage());
      expect(decoded.outcomes.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('keeps the views of a user apart, which are objects of their own', () => {
    const { contact: _, profile: __, ...reference } = ADA;
    singleAnswer(ADA, READ_TIME).toBytes();
    const decoded = fromBinary(GetUserResponseSchema, singleAnswer(reference, READ_TIME).toBytes());
    expect(JSON.stringify(toJson(GetUserResponseSchema, decoded))).not.toContain('ada@example.com');
  });

  it('refuses more profiles than a message can hold', () => {
    const user = { ...ADA, profile: { crmFields: { note: 'x'.repeat(60_000) } } };
    const outcomes = Array.from({ length: 80 }, (): UserOutcome => ({ kind: 'user', user }));
    expect(() =>
      batchAnswer(
        outcomes.map(() => ID),
        outcomes,
        READ_TIME,
      ),
    ).toThrow('80 users');
  });
});
