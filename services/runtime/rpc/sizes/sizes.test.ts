import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { HealthCheckRequestSchema } from '@rollcall/contract/health';
import {
  BatchGetUsersRequestSchema,
  CreateUserRequestSchema,
  UserAdminService,
  UserService,
  UserView,
} from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { RpcError } from '../errors.ts';
import { MAX_MESSAGE_BYTES } from '../listening-server.ts';
import { messageSizes } from './message-sizes.ts';
import { decodeRequest, requestSizes } from './request-sizes.ts';
import { MALFORMED, scanBinary } from './scan-binary.ts';
import { scanJson } from './scan-json.ts';
import { delimited, METHODS, repeatedFields, requestWith, SERVICES, times } from './sizes.test-support.ts';

const ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
const batch = requestSizes(UserService.method.batchGetUsers);
const createUser = requestSizes(UserAdminService.method.createUser);

const refusal = (work: () => unknown): RpcError => {
  try {
    work();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  return expect.fail('It was expected to be refused.');
};

describe('the sizes of requests', () => {
  it('B1: every field of every request has a limit, and no request may take 4 MiB', () => {
    for (const method of SERVICES.flatMap(({ methods }) => methods)) {
      const sizes = requestSizes(method);
      expect(sizes.maxBinaryBytes, method.toString()).toBeLessThan(MAX_MESSAGE_BYTES / 2);
      expect(sizes.maxJsonBytes, method.toString()).toBeLessThan(MAX_MESSAGE_BYTES);
    }
    expect(METHODS.length).toBeGreaterThan(60);
  });

  it('B1: a field without a limit is named, and its method not served', () => {
    expect(() => messageSizes(HealthCheckRequestSchema)).toThrow(
      'No bound in the proto file: grpc.health.v1.HealthCheckRequest.service wants max_len or max_bytes.',
    );
  });

  it.each(repeatedFields().map((each) => [each.name, each] as const))(
    'B1: %s is accepted at its limit, and beyond it named before anything is decoded',
    (_, repeated) => {
      const { method, path, sizes } = repeated;
      const { message } = requestSizes(method);
      const full = requestWith(repeated, sizes.maxItems);
      expect(scanBinary(message, toBinary(method.input, full))).toBeUndefined();
      expect(scanJson(message, toJson(method.input, full))).toBeUndefined();
      const beyond = requestWith(repeated, sizes.maxItems + 1);
      const field = path
        .map((each, i) => (i < path.length - 1 && each.fieldKind === 'list' ? `${each.name}[0]` : each.name))
        .join('.');
      const fault = { field, description: expect.stringMatching(/no more than|at most/) };
      expect(scanBinary(message, toBinary(method.input, beyond))).toEqual(fault);
      expect(scanJson(message, toJson(method.input, beyond))).toEqual(fault);
    },
  );

  it('B1: a request with the longest texts of four-byte characters is not too large', () => {
    for (const repeated of repeatedFields().filter(({ isWithinBound }) => !isWithinBound)) {
      const { method, sizes } = repeated;
      const chars = sizes.value.text
        ? Math.floor(Math.min(sizes.value.text.maxChars, sizes.value.text.maxBytes / 4))
        : 0;
      const bytes = toBinary(method.input, requestWith(repeated, sizes.maxItems, '𝄞'.repeat(chars)));
      expect(bytes.length, repeated.name).toBeLessThanOrEqual(requestSizes(method).maxBinaryBytes);
      expect(scanBinary(requestSizes(method).message, bytes)).toBeUndefined();
    }
  });
});

describe('decoding a request', () => {
  it('B1: refuses by its length alone what the fields of the method cannot need', () => {
    const error = refusal(() => decodeRequest(batch, times(2_000_000, delimited(2, ''))));
    expect(error).toMatchObject({ reason: 'MESSAGE_TOO_LARGE' });
    expect(error.message).toBe(
      `A request of rollcall.user.v1.UserService/BatchGetUsers takes at most ${batch.maxBinaryBytes} bytes.`,
    );
  });

  it('B1: scans no further than the first field beyond its limit, whatever follows', () => {
    const bytes = Buffer.concat([times(501, delimited(2, ID)), Buffer.alloc(1000, 0xff)]);
    const error = refusal(() => decodeRequest(batch, bytes));
    expect(error).toMatchObject({
      reason: 'FIELD_INVALID',
      message: 'ids must contain no more than 500 item(s).',
    });
    expect(error.options.violations).toHaveLength(1);
  });

  it('B1: counts packed numbers, and maps by their entries', () => {
    const listUsers = requestSizes(UserAdminService.method.listUsers);
    const states = delimited(5, delimited(1, Buffer.alloc(8000, 99)));
    expect(refusal(() => decodeRequest(listUsers, states)).message).toMatch(
      /^filter.states must contain no more than 10/,
    );
    const versions = times(501, delimited(4, Buffer.concat([delimited(1, ID), Buffer.from([16, 1])])));
    expect(refusal(() => decodeRequest(batch, versions)).message).toMatch(
      /^known_versions map must be at most 500/,
    );
  });

  it('B1: counts a list over all parts of a message that is sent in parts', () => {
    const part = delimited(4, delimited(19, times(60, delimited(5, 'some tag or other'))));
    expect(decodeRequest(createUser, part)).toBeDefined();
    const error = refusal(() =>
      decodeRequest(createUser, Buffer.concat([part, part, Buffer.alloc(2500, 8)])),
    );
    expect(error.message).toBe('user.profile.tags must contain no more than 100 item(s).');
  });

  it('B1: names a text that is too long before any pattern sees it', () => {
    const email = delimited(4, delimited(13, `${'a.'.repeat(60_000)}@example.com`));
    expect(refusal(() => decodeRequest(createUser, email)).message).toBe(
      'user.email must be at most 254 characters.',
    );
    const wide = delimited(4, delimited(6, '𝄞'.repeat(4000)));
    expect(refusal(() => decodeRequest(createUser, wide)).message).toBe(
      'user.first_name must be at most 400 bytes.',
    );
  });

  it('B1: limits Struct and FieldMask, which set no limits themselves', () => {
    const activity = requestSizes(UserAdminService.method.recordActivity);
    const attributes = delimited(4, delimited(5, Buffer.alloc(132_000, 0)));
    expect(refusal(() => decodeRequest(activity, attributes)).message).toBe(
      'activity.attributes must take at most 131072 bytes.',
    );
  });

  it.each([
    ['a number where a text belongs', Buffer.from([16, 1])],
    ['a text where a number belongs', delimited(3, 'FULL')],
    ['a group', Buffer.from([0x13, 0x14])],
    ['a length beyond the end', Buffer.from([0x12, 0xff, 0x7f, 1])],
    ['a length of 2^35', Buffer.from([0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])],
    ['the field number 0', Buffer.from([2, 0])],
  ])('B1: refuses %s, on which decoder and scan might differ', (_, bytes) => {
    const padded = Buffer.concat([times(130, delimited(2, ID)), bytes]);
    expect(refusal(() => decodeRequest(batch, padded)).reason).toBe('MESSAGE_MALFORMED');
  });

  it('accepts everything that the codec writes, and agrees with it on where a message ends', () => {
    const request = create(BatchGetUsersRequestSchema, {
      tenantId: 'demo',
      ids: Array(500).fill(ID),
      view: UserView.FULL,
      knownVersions: { [ID]: -1n, constructor: 2n ** 62n, ['__proto__' as string]: 1n },
      requireAll: true,
    });
    const bytes = toBinary(BatchGetUsersRequestSchema, request);
    expect(scanBinary(batch.message, bytes)).toBeUndefined();
    expect(decodeRequest(batch, bytes)).toEqual(fromBinary(BatchGetUsersRequestSchema, bytes));
    for (let cut = 1; cut < 60; cut++) {
      const part = bytes.subarray(0, bytes.length - cut);
      const isWhole = (() => {
        try {
          fromBinary(BatchGetUsersRequestSchema, part);
          return true;
        } catch {
          return false;
        }
      })();
      if (scanBinary(batch.message, part) !== MALFORMED) expect(isWhole).toBe(true);
    }
  });

  it('accepts unknown fields, as a newer caller sends them, and drops them', () => {
    const bytes = Buffer.concat([
      times(200, delimited(2, ID)),
      delimited(900, 'new'),
      Buffer.from([0xa0, 0x38, 5]),
    ]);
    expect(decodeRequest(batch, bytes).$unknown).toBeUndefined();
    expect(create(CreateUserRequestSchema).$unknown).toBeUndefined();
  });
});

describe('scanning JSON', () => {
  it('B1: accepts both names of a field, and own names only', () => {
    const ids = Array(501).fill('');
    expect(scanJson(batch.message, { ids })).toMatchObject({ field: 'ids' });
    expect(
      scanJson(batch.message, { known_versions: Object.fromEntries(ids.map((_, i) => [i, 1])) }),
    ).toMatchObject({
      field: 'known_versions',
    });
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])
      expect(scanJson(batch.message, JSON.parse(`{"${name}":[1,2]}`))).toMatchObject({ field: name });
  });

  it.each([
    ['a negative count', { knownVersions: { [ID]: `-${2n ** 63n}` } }, undefined],
    ['a count', { knownVersions: { [ID]: '9'.repeat(100_000) } }, 'known_versions'],
    ['an enum', { view: 'U'.repeat(100_000) }, 'view'],
    ['a boolean', { requireAll: 't'.repeat(100_000) }, 'require_all'],
  ])('B1: reads no long text as %s', (_, json, field) => {
    expect(scanJson(batch.message, json)?.field).toBe(field);
  });

  it('B1: measures values that are nested deeper than the stack allows', () => {
    const activity = requestSizes(UserAdminService.method.recordActivity);
    const deep = JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`) as unknown;
    expect(scanJson(activity.message, { activity: { attributes: { deep } } })).toMatchObject({
      field: 'activity.attributes',
    });
  });

  it.each([null, 7, 'text', []])('leaves %j, which is no message, to the decoder', (json) => {
    expect(scanJson(batch.message, json)).toBeUndefined();
  });
});
