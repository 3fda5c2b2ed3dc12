import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { GetUserResponseSchema, type UserSchema } from '@rollcall/contract/user';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeMessage } from './message-writer.ts';

describe('a message that is written field by field', () => {
  it('equals the output of the codec, for any values', () => {
    const values = fc.record({
      version: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      totalReviews: fc.integer(),
      averageRating: fc.double({ noNaN: true }),
      firstName: fc.string({ unit: 'grapheme', maxLength: 200 }),
    });
    fc.assert(fc.property(values, expectSame));
    for (const version of [0n, 127n, 128n, 2n ** 31n, 2n ** 53n, 2n ** 53n + 1n]) expectSame({ version });
  });

  it.each([0, 1, 119, 127, 128, 16_000, 16_384, 70_000, 2 ** 21, 2 ** 21 + 9])(
    'may hold a text of %i',
    (length) => {
      expectSame({ firstName: 'x'.repeat(length) });
      expectSame({ firstName: `${'x'.repeat(length)}ö` });
    },
  );

  it('is complete although the one before it failed half-way', () => {
    const failing = () =>
      writeMessage((writer) => {
        writer.open(1);
        writer.text(1, 'half');
        throw new Error('no more');
      });
    expect(failing).toThrow('no more');
    expectSame({ firstName: 'Ada' });
  });
});

function expectSame(user: MessageInitShape<typeof UserSchema>): void {
  const written = writeMessage((writer) => {
    const start = writer.open(1);
    writer.int64(3, user.version ?? 0n);
    writer.text(6, user.firstName ?? '');
    writer.double(11, user.averageRating ?? 0);
    writer.int32(12, user.totalReviews ?? 0);
    writer.close(start);
    writer.time(2, -1);
  });
  const message = create(GetUserResponseSchema, { user, readTime: timestampFromMs(-1) });
  expect(Buffer.compare(written, toBinary(GetUserResponseSchema, message))).toBe(0);
}
