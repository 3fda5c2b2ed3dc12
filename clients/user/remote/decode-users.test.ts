import { Buffer } from 'node:buffer';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BatchGetUsersResponse,
  BatchGetUsersResponseSchema,
  type User,
  UserOutcomeSchema,
  UserRole,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RANDOM_SEED } from '../random-seed.test-support.ts';
import { decodeUsers } from './decode-users.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';
const ASKED = { tenantId: 'acme', ids: [ID, 'Zo\u00eb', ID] };

const USER = create(UserSchema, {
  id: ID,
  tenantId: 'acme',
  version: 7n,
  state: UserState.DELETED,
  role: UserRole.VENDOR,
  firstName: 'Ann',
  lastName: 'M\u00fcller-L\u00fcdenscheidt',
  displayName: 'Ann M\u00fcller',
  profileImage: 'https://images.example.com/users/54321.jpg',
  businessName: '\ud83c\udf70',
  averageRating: 4.5,
  totalReviews: 300,
  email: 'ann@example.com',
  phone: '+4930123456',
  etag: 'v7',
  createTime: timestampFromMs(1_767_225_600_001),
  updateTime: timestampFromMs(1_767_225_600_002),
  deleteTime: timestampFromMs(1_767_225_600_003),
  profile: { birthDate: '1990-01-01', consents: [{ purpose: 'news' }] },
});

describe('decodeUsers', () => {
  it('reads the messages of the service, and freezes their users', () => {
    expect(UserSchema.members.filter((field) => !(USER as never)[field.localName])).toEqual([]);
    const sent = create(BatchGetUsersResponseSchema, {
      readTime: timestampFromMs(1),
      outcomes: [
        create(UserOutcomeSchema, { id: ID, outcome: { case: 'user', value: USER } }),
        create(UserOutcomeSchema, { id: ID, outcome: { case: 'missing', value: {} } }),
        create(UserOutcomeSchema, { id: ID, outcome: { case: 'unchanged', value: { version: 3n } } }),
        create(UserOutcomeSchema, { id: ID, outcome: { case: 'user', value: {} } }),
      ],
    });
    const { outcomes } = check(toBinary(BatchGetUsersResponseSchema, sent)) as typeof sent;
    const users = outcomes.flatMap(({ outcome }) => (outcome.case === 'user' ? [outcome.value] : []));
    expect(users.map(isFrozenDeep)).toEqual([true, true]);
  });

  it('leaves fields of a later contract to the descriptor', () => {
    const bytes = message([1, outcome([1, text('x')], [2, user([1000, varint(5n)])])]);
    const [read] = (check(bytes) as { outcomes: { outcome: { value: User } }[] }).outcomes;
    expect(read?.outcome.value.$unknown).toHaveLength(1);
  });

  it('refuses what the descriptor refuses: malformed text, an answer that breaks off', () => {
    expect(check(message([1, outcome([1, [1, 0xff]])]))).toBeInstanceOf(Error);
    expect(check(toBinary(UserSchema, USER).subarray(0, 50))).toBeInstanceOf(Error);
  });

  it('reads any bytes as the descriptor does: in any order, in parts, twice, padded, damaged', () => {
    let readHere = 0;
    const property = fc.property(ANSWER, DAMAGE, (bytes, damage) => {
      if (isReadHere(check(damage(bytes)))) readHere += 1;
    });
    fc.assert(property, { seed: RANDOM_SEED, numRuns: 3_000 });
    // Otherwise the descriptor would be compared with itself.
    expect(readHere).toBeGreaterThan(300);
  });
});

/** Reads in both ways, compares the results, and returns the result or the refusal. */
function check(written: Uint8Array): unknown {
  // Not a Buffer: an unknown field is kept as a plain array in either case.
  const bytes = new Uint8Array(written);
  const ours = attempt(() => decodeUsers(bytes, ASKED));
  expect(ours).toStrictEqual(attempt(() => fromBinary(BatchGetUsersResponseSchema, bytes)));
  return ours;
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function isFrozenDeep(value: unknown): boolean {
  const parts = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return Object.isFrozen(value) && parts.every(isFrozenDeep);
}

/** Only this reader freezes users. */
function isReadHere(answer: unknown): boolean {
  const { outcomes = [] } = answer as Partial<BatchGetUsersResponse>;
  return outcomes.some(({ outcome }) => outcome.case === 'user' && Object.isFrozen(outcome.value));
}

type Written = readonly number[];
type Field = readonly [number: number, value: Written, type?: WireType | undefined];

function message(...fields: Field[]): Buffer {
  const writer = new BinaryWriter();
  for (const [number, value, type = WireType.LengthDelimited] of fields)
    writer.tag(number, type).raw(Uint8Array.from(value));
  return Buffer.from(writer.finish());
}

function nested(bytes: Uint8Array): Written {
  return [...new BinaryWriter().bytes(bytes).finish()];
}

function text(value: string): Written {
  return [...new BinaryWriter().string(value).finish()];
}

function varint(value: bigint): Written {
  return [...new BinaryWriter().int64(value).finish()];
}

function outcome(...fields: Field[]): Written {
  return nested(message(...fields));
}

function user(...fields: Field[]): Written {
  return nested(message(...fields.map(([no, value]): Field => [no, value, WireType.Varint])));
}

// Mostly values that this reader supports: one other value leaves the whole answer to the descriptor.
const VARINT = fc.oneof(
  { weight: 12, arbitrary: fc.nat(300).map((value) => varint(BigInt(value))) },
  { weight: 12, arbitrary: fc.nat(2 ** 31 - 1).map((value) => varint(BigInt(value))) },
  { weight: 2, arbitrary: fc.nat(127).map((value) => [value | 0x80, 0x80, 0x00]) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 50n }).map(varint) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(varint) },
);
const TEXT = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.constantFrom('', 'acme', ...ASKED.ids, 'Ada', 'Jos\u00e9', '\ufeffAda').map(text),
  },
  { weight: 30, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map(text) },
  { weight: 30, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 30 }).map(text) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 15 }).map(nested) },
);
const DOUBLE = fc.double().map((value) => [...new BinaryWriter().double(value).finish()]);

type AnyField = fc.Arbitrary<Field>;
const field = (number: number, value: fc.Arbitrary<Written>, type?: WireType): AnyField =>
  value.map((written): Field => [number, written, type]);
const integer = (number: number) => field(number, VARINT, WireType.Varint);
const ODD = fc.oneof(
  ...[1, 2, 3, 15, 16, 99, 5_000].flatMap((number) => [integer(number), field(number, TEXT)]),
);

/** Each field at most once, in any order, and sometimes another one, or a repeated one. */
function anyOf(...fields: AnyField[]): fc.Arbitrary<Buffer> {
  const once = fc
    .shuffledSubarray(fields)
    .chain((some) => fc.tuple(...some))
    .map((some) => message(...some));
  return fc.oneof(
    { weight: 20, arbitrary: once },
    { weight: 1, arbitrary: fc.tuple(once, once).map((parts) => Buffer.concat(parts)) },
    { weight: 1, arbitrary: fc.tuple(once, ODD).map(([part, odd]) => Buffer.concat([part, message(odd)])) },
  );
}

const TIME = anyOf(integer(1), integer(2)).map(nested);
const PROFILE = anyOf(field(1, TEXT), field(5, TEXT), field(2, anyOf(field(1, TEXT)).map(nested))).map(
  nested,
);
const ANY_USER = anyOf(
  ...[1, 2, 6, 7, 8, 9, 10, 13, 14, 18].map((number) => field(number, TEXT)),
  ...[3, 4, 5, 12].map(integer),
  field(11, DOUBLE, WireType.Bit64),
  ...[15, 16, 17].map((number) => field(number, TIME)),
  field(19, PROFILE),
).map(nested);
const OUTCOME = fc.oneof(
  { weight: 6, arbitrary: anyOf(field(1, TEXT), field(2, ANY_USER)) },
  { weight: 1, arbitrary: anyOf(field(1, TEXT), field(3, anyOf().map(nested))) },
  { weight: 1, arbitrary: anyOf(field(1, TEXT), field(4, anyOf(integer(1)).map(nested))) },
  { weight: 1, arbitrary: anyOf(field(2, ANY_USER), field(3, anyOf().map(nested))) },
);
const ANSWER = fc
  .tuple(fc.array(OUTCOME, { maxLength: 4 }), anyOf(field(2, TIME)))
  .map(([outcomes, rest]) => Buffer.concat([...outcomes.map((each) => message([1, nested(each)])), rest]));

type Damage = (bytes: Buffer) => Buffer;
const DAMAGE: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 4, arbitrary: fc.constant((bytes: Buffer) => bytes) },
  {
    weight: 1,
    arbitrary: fc.nat(200).map(
      (length): Damage =>
        (bytes) =>
          bytes.subarray(0, length),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), fc.nat(255)).map(
      ([at, byte]): Damage =>
        (bytes) => {
          const damaged = Buffer.from(bytes);
          if (damaged.length > 0) damaged[at % damaged.length] = byte;
          return damaged;
        },
    ),
  },
);
