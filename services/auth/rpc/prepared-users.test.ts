import { fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { BatchGetUsersResponseSchema, GetUserResponseSchema } from '@rollcall/contract/user';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserOutcome } from '../users/reading/get-users.ts';
import type { User } from '../users/user.ts';
import { batchAnswer, singleAnswer } from './prepared-users.ts';

const ID = '01900000-0000-7000-8000-00000000000a';
const READ_TIME_MS = 1_700_000_000_123;

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
  averageRating: 4.5,
  totalReviews: 3,
  contact: { email: 'ada@example.com', phone: '' },
  profile: { tags: ['early'] },
};

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const time = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const anyUser: fc.Arbitrary<User> = fc.record(
  {
    tenantId: text,
    id: fc.uuid(),
    version: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    state: fc.constantFrom('ACTIVE', 'SUSPENDED', 'DELETED'),
    role: fc.constantFrom('CUSTOMER', 'VENDOR', 'ADMIN'),
    firstName: text,
    lastName: text,
    displayName: text,
    profileImage: text,
    businessName: text,
    averageRating: fc.double({ noNaN: true }),
    totalReviews: fc.integer(),
    createTime: time,
    updateTime: time,
    deleteTime: fc.option(time),
    contact: fc.record({
      email: text,
      phone: text,
    }),
    profile: fc.record({ crmFields: fc.dictionary(fc.constantFrom('note', 'source'), text, { maxKeys: 1 }) }),
    tags: fc.array(text),
  },
  {
    requiredKeys: [
      ...['tenantId', 'id', 'version', 'state', 'role', 'firstName', 'lastName'],
      ...[
        'displayName',
        'profileImage',
        'businessName',
        'averageRating',
        'totalReviews',
        'createTime',
        'updateTime',
        'deleteTime',
      ],
    ] as never,
  },
);

describe('prepared answers', () => {
  it('are the bytes that the codec makes of the message', () => {
    const readTimes = time.map((each) => each.getTime());
    fc.assert(
      fc.property(anyUser, readTimes, (user, readTimeMs) => {
        const { toBytes, toMessage } = singleAnswer(user, readTimeMs);
        expect(Buffer.from(toBytes())).toEqual(Buffer.from(toBinary(GetUserResponseSchema, toMessage())));
      }),
    );
    fc.assert(
      fc.property(fc.array(anyUser, { maxLength: 300 }), readTimes, (users, readTimeMs) => {
        const outcomes = users.map((user): UserOutcome => ({ kind: 'user', user }));
        const { toBytes, toMessage } = batchAnswer(
          users.map(({ id }) => id),
          outcomes,
          readTimeMs,
        );
        const bytes = Buffer.from(toBytes());
        expect(bytes).toEqual(Buffer.from(toBinary(BatchGetUsersResponseSchema, toMessage())));
      }),
      { numRuns: 20 },
    );
  });

  it('leave earlier answers as they were', () => {
    const answers = Array.from({ length: 500 }, (_, i) => ({ ...ADA, firstName: `Ada ${i}` })).map((user) =>
      singleAnswer(user, READ_TIME_MS).toBytes(),
    );
    const names = answers.map((bytes) => fromBinary(GetUserResponseSchema, bytes).user?.firstName);
    expect(names).toEqual(Array.from({ length: 500 }, (_, i) => `Ada ${i}`));
  });

  it('encode one user like its message', () => {
    const answer = singleAnswer(ADA, READ_TIME_MS);
    expect(fromBinary(GetUserResponseSchema, answer.toBytes())).toEqual(answer.toMessage());
  });

  it('encode every outcome like its message, twice', () => {
    const outcomes: UserOutcome[] = [
      { kind: 'user', user: ADA },
      { kind: 'missing' },
      { kind: 'unchanged', version: 9n },
      { kind: 'user', user: { ...ADA, id: ID.replace('a', 'b') } },
      { kind: 'user', user: ADA },
    ];
    const ids = [ID.toUpperCase(), 'x', 'y', ID, ID];
    for (const _ of [1, 2]) {
      const answer = batchAnswer(ids, outcomes, READ_TIME_MS);
      const decoded = fromBinary(BatchGetUsersResponseSchema, answer.toBytes());
      expect(decoded).toEqual(answer.toMessage());
      expect(decoded.outcomes.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('keep the views of a user apart, which are separate objects', () => {
    const { contact: _, profile: __, ...reference } = ADA;
    singleAnswer(ADA, READ_TIME_MS).toBytes();
    const decoded = fromBinary(GetUserResponseSchema, singleAnswer(reference, READ_TIME_MS).toBytes());
    expect(JSON.stringify(toJson(GetUserResponseSchema, decoded))).not.toContain('ada@example.com');
  });

  it('unknown-fields: include a profile with fields that a newer process wrote', () => {
    const profile = { crmFields: { note: 'x' }, fieldOfTomorrow: { a: [1] } };
    const decoded = fromBinary(
      GetUserResponseSchema,
      singleAnswer({ ...ADA, profile }, READ_TIME_MS).toBytes(),
    );
    expect(decoded.user?.profile?.crmFields).toEqual({ note: 'x' });
  });

  it('refuse more profiles than a message can hold', () => {
    const user = { ...ADA, profile: { crmFields: { note: 'x'.repeat(60_000) } } };
    const outcomes = Array.from({ length: 80 }, (): UserOutcome => ({ kind: 'user', user }));
    expect(() =>
      batchAnswer(
        outcomes.map(() => ID),
        outcomes,
        READ_TIME_MS,
      ),
    ).toThrow('80 users');
  });
});
