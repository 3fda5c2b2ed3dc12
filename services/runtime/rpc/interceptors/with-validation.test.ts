import {
  create,
  type DescField,
  fromJson,
  type JsonValue,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  DurationSchema,
  type Timestamp,
  timestampDate,
  timestampFromDate,
  ValueSchema,
} from '@bufbuild/protobuf/wkt';
import { RetryInfoSchema } from '@rollcall/contract';
import { contentCheck, MAX_STRUCT_DEPTH } from '@rollcall/contract/request-content';
import { UserAdminService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import type { Call } from '../call.ts';
import {
  jsonWithValue,
  placeOf,
  type RequestField,
  requestFields,
} from '../sizes/request-fields.test-support.ts';
import { decodeRequest, jsonFault, requestSizes } from '../sizes/request-sizes.ts';
import { withValidation } from './with-validation.ts';

const FIELDS = requestFields().filter(({ method }) => method.methodKind !== 'bidi_streaming');
const lastOf = ({ path }: RequestField) => path.at(-1) as DescField;
const isOf = (typeName: string) => (each: RequestField) =>
  lastOf(each).message?.typeName === `google.protobuf.${typeName}`;
const UNKEEPABLE = ['\0', 'a\0b', '\ud800', 'a\udc00'];

const validation = withValidation();
const validate = (method: RequestField['method'], request: Message) =>
  validation(async () => {}, method)({ method, request } as unknown as Call);

function faultOf({ method, path }: RequestField, value: unknown) {
  return contentCheck(method.input)(fromJson(method.input, jsonWithValue(path, value) as JsonValue));
}

describe('every text of every request', () => {
  const texts = FIELDS.filter((each) => lastOf(each).scalar === ScalarType.STRING);

  it('is refused by its name when it holds U+0000 or half a surrogate pair', async () => {
    expect(texts.length).toBeGreaterThan(400);
    for (const each of texts) {
      const { method, path, name } = each;
      for (const text of UNKEEPABLE) {
        const json = jsonWithValue(path, text);
        const fault = jsonFault(requestSizes(method), Buffer.from(JSON.stringify(json)));
        expect(fault, name).toMatchObject({
          reason: 'FIELD_INVALID',
          options: { violations: [{ field: placeOf(path) }] },
        });
      }
      const request = fromJson(method.input, jsonWithValue(path, 'a\0b') as JsonValue);
      const fault = contentCheck(method.input)(request);
      // The rule of an id reports it too.
      if (fault)
        expect(fault, name).toEqual({ field: placeOf(path), description: expect.stringContaining('U+0000') });
      else expect(isId(lastOf(each)), name).toBe(true);
      await expect(validate(method, request), name).rejects.toMatchObject({ reason: 'FIELD_INVALID' });
      expect(faultOf(each, 'İstanbul 👩‍👩‍👧 \u200b\ufffd'), name).toBeUndefined();
    }
  });

  it('is refused by its name when its bytes are not UTF-8, such as half a surrogate pair', () => {
    for (const each of texts) {
      const { method, path, name } = each;
      const request = fromJson(method.input, jsonWithValue(path, '\ufffd') as JsonValue);
      const bytes = Buffer.from(toBinary(method.input, request));
      bytes.set([0xed, 0xa0, 0x80], bytes.indexOf('\ufffd'));
      expect(() => decodeRequest(requestSizes(method), bytes), name).toThrow(
        `${placeOf(path)} must not hold`,
      );
    }
  });

  it('is refused in the key of a map, the path of a mask, or within a struct', () => {
    const maps = FIELDS.filter((each) => lastOf(each).fieldKind === 'map' && !isId(lastOf(each)));
    expect(maps.length).toBeGreaterThan(5);
    for (const each of maps) {
      const json = jsonWithValue(each.path, 'x');
      const spoiled = JSON.parse(JSON.stringify(json).replace('"key"', '"a\\u0000"')) as JsonValue;
      const { method, path, name } = each;
      expect(contentCheck(method.input)(fromJson(method.input, spoiled)), name).toMatchObject({
        field: placeOf(path),
      });
    }
    for (const each of FIELDS.filter(isOf('FieldMask')))
      expect(faultOf(each, 'name,a\0b'), each.name).toMatchObject({
        field: `${placeOf(each.path)}.paths[1]`,
      });
    for (const each of FIELDS.filter(isOf('Struct')))
      for (const value of [{ 'a\0': 1 }, { a: ['\0'] }, { a: { b: ['\ud800'] } }])
        expect(faultOf(each, value), each.name).toMatchObject({ field: placeOf(each.path) });
  });
});

// Recognised by its behaviour: a rule for ids refuses NUL.
function isId(field: DescField): boolean {
  return /(^|_)ids?$|_versions$/.test(field.name);
}

describe('every moment of every request', () => {
  const moments = FIELDS.filter(isOf('Timestamp'));
  const requestWith = (
    { method, path }: RequestField,
    time: { seconds: bigint; nanos: number },
  ): [Message, Timestamp] => {
    const request = fromJson(method.input, jsonWithValue(path, '2026-01-01T00:00:00Z') as JsonValue);
    let at = reflect(method.input, request);
    for (const field of path) {
      const value: unknown = at.get(field);
      at = (field.fieldKind === 'list' ? (value as { get(i: number): unknown }).get(0) : value) as typeof at;
    }
    const found = at.message as Timestamp;
    return [request, Object.assign(found, time)];
  };

  it.each([
    ['the last one', 253_402_300_799n, 999_999_999, '9999-12-31T23:59:59.999Z'],
    ['the last one of .NET', 253_402_300_799n, 999_999_900, '9999-12-31T23:59:59.999Z'],
    ['the first one', -62_135_596_800n, 0, '0001-01-01T00:00:00.000Z'],
    ['one before 1970', -1n, 999_999_999, '1969-12-31T23:59:59.999Z'],
    ['one of nanoseconds', 1_700_000_000n, 1_999_999, '2023-11-14T22:13:20.001Z'],
    ['one of a nanosecond', 1_700_000_000n, 1, '2023-11-14T22:13:20.000Z'],
  ])('end-of-time: is cut to whole milliseconds and never rounded up: %s', (_, seconds, nanos, kept) => {
    expect(moments.length).toBeGreaterThan(50);
    for (const each of moments) {
      const [request, time] = requestWith(each, { seconds, nanos });
      expect(contentCheck(each.method.input)(request), each.name).toBeUndefined();
      expect(timestampDate(time).toISOString(), each.name).toBe(kept);
    }
  });

  it.each([
    ['after the year 9999', 253_402_300_800n, 0],
    ['before the year 1', -62_135_596_801n, 999_999_999],
    ['of less than no nanosecond', 0n, -1],
    ['of a second of nanoseconds', 0n, 1_000_000_000],
    ['at the end of numbers', 2n ** 63n - 1n, 0],
  ])('end-of-time: is refused by its name when it is invalid: %s', async (_, seconds, nanos) => {
    for (const each of moments) {
      const [request] = requestWith(each, { seconds, nanos });
      const violations = [
        { field: placeOf(each.path), description: 'must be a moment of the years 1 to 9999' },
      ];
      await expect(validate(each.method, request), each.name).rejects.toMatchObject({
        options: { violations },
      });
    }
  });

  it('end-of-time: a duration is cut towards 0, and bounded', () => {
    const check = contentCheck(RetryInfoSchema);
    const cut = (seconds: bigint, nanos: number) => {
      const retryDelay = create(DurationSchema, { seconds, nanos });
      return check(create(RetryInfoSchema, { retryDelay })) ?? retryDelay.nanos;
    };
    expect([cut(1n, 1_999_999), cut(-1n, -1_999_999), cut(315_576_000_000n, 999_999_999)]).toEqual([
      1_000_000, -1_000_000, 999_000_000,
    ]);
    for (const fault of [cut(315_576_000_001n, 0), cut(1n, -1), cut(-1n, 1), cut(0n, 1e9)])
      expect(fault).toMatchObject({ field: 'retry_delay' });
  });
});

describe('every struct of every request', () => {
  const structs = FIELDS.filter(isOf('Struct'));
  const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1;
    for (let i = 1; i < depth; i++) value = wrap(value);
    return { a: value };
  };
  const SHAPES: [string, (inner: unknown) => unknown][] = [
    ['objects', (inner) => ({ a: inner })],
    ['lists', (inner) => [inner]],
  ];

  it.each(SHAPES)('is accepted at a depth of 16 and refused beyond, of %s', (_, wrap) => {
    expect(structs.map(({ name }) => name)).toEqual([
      'CreateBooking booking.contact_details',
      'RecordActivity activity.attributes',
    ]);
    for (const each of structs) {
      expect(faultOf(each, nested(MAX_STRUCT_DEPTH, wrap)), each.name).toBeUndefined();
      for (const depth of [17, 32, 45])
        expect(faultOf(each, nested(depth, wrap)), each.name).toEqual({
          field: placeOf(each.path),
          description: 'must not be nested deeper than 16',
        });
    }
  });

  it.each(SHAPES)('is refused by its name however deep, in either form, of %s', (_, wrap) => {
    for (const { method, path, name } of structs) {
      const sizes = requestSizes(method);
      const message = `${placeOf(path)} must not be nested deeper than 16.`;
      for (const depth of [17, 48, 50, 100, 300]) {
        const json = Buffer.from(JSON.stringify(jsonWithValue(path, nested(depth, wrap))));
        expect(jsonFault(sizes, json), `${name} ${depth}`).toMatchObject({ message });
      }
      const request = fromJson(method.input, jsonWithValue(path, nested(100, wrap)) as JsonValue, {
        recursionLimit: 1000,
      });
      expect(() => decodeRequest(sizes, toBinary(method.input, request)), name).toThrow(message);
    }
  });

  it('is checked in a value and a list of values too', () => {
    const value = fromJson(ValueSchema, nested(17, (inner) => [inner]) as JsonValue);
    expect(contentCheck(ValueSchema)(value)).toMatchObject({
      description: 'must not be nested deeper than 16',
    });
  });

  it('holds no number that JSON cannot express', () => {
    const { recordActivity } = UserAdminService.method;
    const activity = { time: timestampFromDate(new Date()), attributes: { a: [Number.POSITIVE_INFINITY] } };
    expect(contentCheck(recordActivity.input)(create(recordActivity.input, { activity }))).toMatchObject({
      field: 'activity.attributes',
    });
  });
});
