import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  BatchGetUsersResponseSchema,
  GetUserResponseSchema,
  UserRole,
  UserSchema,
} from '@rollcall/contract/user';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeInit } from './encode-init.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const seconds = fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n });
const time = fc.record({ seconds, nanos: fc.integer({ min: 0, max: 999_999_999 }) });
const profile = fc.record(
  {
    tags: fc.array(text),
    crmFields: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), text),
    birthDate: text,
  },
  { requiredKeys: [] },
);
const user = fc.record(
  {
    id: fc.uuid(),
    tenantId: text,
    version: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    role: fc.constantFrom(UserRole.UNSPECIFIED, UserRole.VENDOR),
    firstName: text,
    displayName: text,
    email: text,
    averageRating: fc.double({ noNaN: true }),
    totalReviews: fc.integer(),
    createTime: time,
    deleteTime: time,
    profile,
  },
  { requiredKeys: ['id'] },
);
const outcome = fc.oneof(
  user.map((value) => ({ id: value.id, outcome: { case: 'user' as const, value } })),
  fc.constant({ id: 'x', outcome: { case: 'missing' as const, value: {} } }),
  fc.bigInt({ min: 0n, max: 2n ** 40n }).map((version) => ({
    id: 'y',
    outcome: { case: 'unchanged' as const, value: { version } },
  })),
);

describe('encoding without a message', () => {
  it('makes the bytes that the codec makes', () => {
    fc.assert(fc.property(user, (init) => expectSame(UserSchema, init)));
    fc.assert(
      fc.property(user, time, (each, readTime) =>
        expectSame(GetUserResponseSchema, { user: each, readTime }),
      ),
    );
  });

  it('makes them of lists and alternatives too, however long', () => {
    const outcomes = fc.array(outcome, { maxLength: 300 });
    fc.assert(
      fc.property(outcomes, (each) => expectSame(BatchGetUsersResponseSchema, { outcomes: each })),
      {
        numRuns: 30,
      },
    );
    const long = Array.from({ length: 500 }, (_, i) => ({
      id: String(i),
      outcome: { case: 'user' as const, value: { firstName: 'ö'.repeat(10_000) } },
    }));
    expectSame(BatchGetUsersResponseSchema, { outcomes: long });
  });
});

function expectSame<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): void {
  const expected = toBinary(schema, create(schema, init));
  const actual = encodeInit(schema, init);
  // Entries of maps come in the order of either.
  if (!actual.equals(expected)) expect(fromBinary(schema, actual)).toEqual(fromBinary(schema, expected));
  expect(actual.length).toBe(expected.length);
}
