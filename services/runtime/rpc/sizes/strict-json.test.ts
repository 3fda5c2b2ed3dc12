import { connect as connectHttp2 } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create, type DescField, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { errorFromJson } from '@connectrpc/connect/protocol-connect';
import { BadRequestSchema, ErrorInfoSchema } from '@rollcall/contract';
import { BookingService } from '@rollcall/contract/booking';
import { ServerReflection } from '@rollcall/contract/reflection';
import { GetUserResponseSchema, UserAdminService, UserService } from '@rollcall/contract/user';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { implementService } from '../route.ts';
import { startTestServers, type TestServers } from '../servers.test-support.ts';
import { jsonWithValue, placeOf, requestFields } from './request-fields.test-support.ts';
import { jsonFault, requestSizes } from './request-sizes.ts';
import { SERVICES } from './sizes.test-support.ts';

const faultOf = (method: Parameters<typeof requestSizes>[0], json: object) =>
  jsonFault(requestSizes(method), Buffer.from(JSON.stringify(json)));
const { listBookings } = BookingService.method;
const { autoMergeDuplicates, createUser, listUsers } = UserAdminService.method;

/** The name with two letters swapped, at a place where they differ. */
function misspelt(name: string): string {
  const at = [...name].findIndex((letter, i) => i > 0 && letter !== name[i + 1] && i + 1 < name.length);
  return at < 0 ? `${name}x` : name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2);
}

/** The message of the field, in the words of the error. */
const typeOf = (field: DescField) => field.parent.typeName;

describe('the names in a request as JSON', () => {
  it('unknown-fields: every field of every request is refused when its name is misspelt, with the right name', () => {
    const fields = requestFields();
    expect(fields.length).toBeGreaterThan(700);
    for (const { method, path, name } of fields) {
      const last = path.at(-1) as DescField;
      for (const known of new Set([last.name, last.jsonName])) {
        const wrong = misspelt(known);
        const around = path.slice(0, -1);
        const json = around.length > 0 ? jsonWithValue(around, { [wrong]: null }) : { [wrong]: null };
        const place = [placeOf(around), wrong].filter((each) => each !== '').join('.');
        expect(faultOf(method, json), `${name} as ${wrong}`).toMatchObject({
          reason: 'FIELD_INVALID',
          options: { violations: [{ field: place }] },
        });
        expect(faultOf(method, json)?.message).toContain(`${place} is not a field of ${typeOf(last)}, `);
        expect(faultOf(method, json)?.message).toMatch(new RegExp(`\\b(${last.name}|${last.jsonName})\\b`));
      }
    }
  });

  it('enum-names: every value of every enum of every request is refused when its name is misspelt', () => {
    const fields = requestFields().filter(({ path }) => path.at(-1)?.enum);
    expect(fields.length).toBeGreaterThan(30);
    for (const { method, path, name } of fields) {
      for (const value of path.at(-1)?.enum?.values ?? []) {
        // Some filters refuse it, as the next test shows.
        if (value.number !== 0) {
          expect(faultOf(method, jsonWithValue(path, value.name)), name).toBeUndefined();
          expect(faultOf(method, jsonWithValue(path, value.number)), name).toBeUndefined();
        }
        for (const wrong of [misspelt(value.name), value.name.toLowerCase(), String(value.number), ''])
          expect(faultOf(method, jsonWithValue(path, wrong)), `${name} ${wrong}`).toMatchObject({
            reason: 'FIELD_INVALID',
            options: { violations: [{ field: placeOf(path) }] },
          });
      }
    }
  });

  it('enum-names: a value that the field rules refuse, and an unknown number, are refused with the allowed values', () => {
    const allowed = 'must be one of USER_STATE_ACTIVE, USER_STATE_SUSPENDED, USER_STATE_DELETED.';
    for (const state of ['USER_STATE_UNSPECIFIED', 0, 99, -1])
      expect(faultOf(listUsers, { filter: { states: [state] } })?.message).toBe(
        `filter.states[0] ${allowed}`,
      );
    expect(faultOf(listUsers, { view: 99 })?.message).toMatch(/^view must be one of USER_VIEW_UNSPECIFIED, /);
    for (const view of ['USER_VIEW_UNSPECIFIED', 0]) expect(faultOf(listUsers, { view })).toBeUndefined();
  });

  it('enum-names: a short name is refused, with the allowed names and the nearest one', () => {
    expect(faultOf(listBookings, { tenantId: 'demo', statuses: ['PAID'] })?.message).toBe(
      'statuses[0] must be one of BOOKING_STATUS_PENDING, BOOKING_STATUS_PAID, BOOKING_STATUS_COMPLETED, ' +
        'BOOKING_STATUS_ATTENDED, BOOKING_STATUS_CANCELLED, BOOKING_STATUS_REFUNDED, and PAID is none of them; ' +
        'the nearest name is BOOKING_STATUS_PAID.',
    );
    expect(faultOf(listUsers, { filter: { states: ['USER_STATE_ACTIVE', 'SUSPENDED'] } })?.message).toMatch(
      /^filter\.states\[1\] must be one of USER_STATE_ACTIVE, .* the nearest name is USER_STATE_SUSPENDED\.$/,
    );
    expect(faultOf(createUser, { user: { role: 'VENDOR' } })?.message).toMatch(
      /^user\.role must be .* the nearest name is USER_ROLE_VENDOR\.$/,
    );
  });

  it('unknown-fields: the nearest name has the spelling that the caller uses; without a near name all names are listed', () => {
    expect(faultOf(autoMergeDuplicates, { minScore: 0.9, dryrun: true })?.message).toBe(
      'dryrun is not a field of rollcall.user.v1.AutoMergeDuplicatesRequest, where the nearest name is dryRun.',
    );
    expect(faultOf(listBookings, { user_idd: '' })?.message).toMatch(/the nearest name is user_id\.$/);
    expect(faultOf(listUsers, { user_idd: '' })?.message).toMatch(
      /^user_idd is not a field of rollcall\.user\.v1\.ListUsersRequest, whose fields are tenant_id, page_size, /,
    );
  });

  it.each([
    '',
    ' ',
    '__proto__',
    'constructor',
    '[rollcall.x]',
    'x'.repeat(5000),
    'a\u0000b',
    '\ud800',
    '@type',
    '$unknown',
  ])('unknown-fields: %j is no field, and no long or strange name is repeated', (name) => {
    const json = JSON.parse(`{"user":{${JSON.stringify(name)}:1}}`) as object;
    const fault = faultOf(createUser, json);
    expect(fault).toMatchObject({ reason: 'FIELD_INVALID' });
    expect(fault?.message.length).toBeLessThan(1000);
    expect(fault?.message).not.toMatch(/x{100}|\0|\ud800/);
  });

  it("unknown-fields: names of the caller's own are free: keys of maps and of structs", () => {
    const { recordActivity } = UserAdminService.method;
    expect(faultOf(createUser, { user: { profile: { crmFields: { nonsense: 'x' } } } })).toBeUndefined();
    expect(faultOf(recordActivity, { activity: { attributes: { nonsense: { deep: 1 } } } })).toBeUndefined();
  });

  it('unknown-fields: bytes that are not UTF-8 are refused instead of replaced', () => {
    const bytes = Buffer.from('{"tenantId":"demo","query":"\xed\xa0\x80"}', 'latin1');
    const fault = jsonFault(requestSizes(UserAdminService.method.searchUsers), bytes);
    expect(fault).toMatchObject({ reason: 'MESSAGE_MALFORMED' });
  });
});

describe('the values in a request as JSON', () => {
  // Each field once, in any request that holds it.
  const fields = [...new Map(requestFields().map((each) => [each.path.at(-1), each])).values()];
  const VALUES = [
    ...['', 'PAID', 'true', '0x10', ' 1', '1e2', '7', '1.5', 'NaN', '9223372036854775808', 'first_name'],
    ...['2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:60Z'],
    ...['2026-02-28T23:59:59.123456789-12:30', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'],
    ...[true, 0, -1, 1.5, 2 ** 31, -(2 ** 31), 1e300, 2 ** 53, [], {}, ['a'], [[1]], { a: 'b' }, null],
  ];
  /**
   * Values that the decoder accepts and we refuse, because it reads another value than the one that was
   * written.
   */
  const MISREAD = new Set<unknown>(['0x10', ' 1', '2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', 2 ** 53]);

  it('enum-names: a value of another kind than its field is refused by the name of the field, and no other value', () => {
    let refused = 0;
    const wrong: string[] = [];
    for (const { method, path, name } of fields)
      for (const value of VALUES)
        for (const json of [jsonWithValue(path, value), jsonWithWhole(path, value)]) {
          const fault = faultOf(method, json);
          const isNamed = fault?.options.violations?.[0]?.field.startsWith(
            placeOf(path).replace(/\[0\]$/, ''),
          );
          const isTaken = isDecoded(method.input, json);
          if (!isTaken) refused++;
          const isWrong = isTaken ? KIND.test(fault?.message ?? '') && !MISREAD.has(value) : !isNamed;
          if (isWrong) wrong.push(`${name} ${JSON.stringify(json)}: ${fault?.message}`);
        }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(5_000);
  });

  it('enum-names: a list that is given as one value is refused with the expected form', () => {
    expect(faultOf(listBookings, { statuses: 'BOOKING_STATUS_PAID' })?.message).toBe(
      'statuses must be a list.',
    );
    expect(faultOf(listBookings, { statuses: [null] })?.message).toMatch(
      /^statuses\[0\] must be one of BOOKING_STATUS_PENDING, /,
    );
    expect(faultOf(autoMergeDuplicates, { dryRun: 'true' })?.message).toBe('dry_run must be true or false.');
    expect(faultOf(listUsers, { filter: [] })?.message).toBe('filter must be an object.');
  });

  it.each([
    ['a day that no month has', '2026-02-30T00:00:00Z'],
    ['a day that the year does not have', '2025-02-29T10:00:00+02:00'],
    ['an hour that no day has', '2026-01-01T24:00:00Z'],
  ])('end-of-time: a timestamp of %s is refused, and not read as the next day', (_, createdFrom) => {
    expect(isDecoded(listUsers.input, { filter: { createdFrom } })).toBe(true);
    expect(faultOf(listUsers, { filter: { createdFrom } })?.message).toMatch(
      /^filter\.created_from must be a moment of the years 1 to 9999/,
    );
  });

  it('unknown-fields: a whole number is refused when JSON has lost its last digits, and accepted as text', () => {
    const { getUser } = UserService.method;
    const withVersion = (version: string) => {
      const json = Buffer.from(`{"minVersion":${version}}`);
      return jsonFault(requestSizes(getUser), json)?.message;
    };
    expect(withVersion('9007199254740993')).toMatch(/^min_version must be a whole number of 64 bits/);
    for (const version of ['9007199254740991', '"9007199254740993"', '"9223372036854775807"'])
      expect(withVersion(version)).toBeUndefined();
  });

  it('unknown-fields: a field that is given by both of its names, or beside another of its oneof, is refused', () => {
    const { resolveUsers } = UserService.method;
    expect(faultOf(autoMergeDuplicates, { dryRun: true, dry_run: false })?.message).toBe(
      'dry_run must be given by one of its names only.',
    );
    expect(faultOf(resolveUsers, { keys: [{ email: 'a@b.co', externalId: {} }] })?.message).toBe(
      'keys[0].external_id must not be given beside email.',
    );
  });
});

/** Beginning of a refusal that names the expected kind. */
const KIND = /must be (a list|an object|a text|true or false|a number|a whole number|a moment|given by)/;

function isDecoded(input: DescMessage, json: object): boolean {
  try {
    fromJson(input, json as JsonValue);
    return true;
  } catch {
    return false;
  }
}

/** A request as JSON in which the value stands for the whole field, even if that is a list or a map. */
function jsonWithWhole(path: readonly DescField[], value: unknown): object {
  const whole = { [(path.at(-1) as DescField).jsonName]: value };
  return path.length === 1 ? whole : jsonWithValue(path.slice(0, -1), whole);
}

const ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
let test: TestServers;
let served = 0;
beforeAll(async () => {
  const getUser = async () => {
    served++;
    return create(GetUserResponseSchema, { user: { id: ID } });
  };
  const ours = SERVICES.filter(({ typeName }) => typeName.startsWith('rollcall.'));
  test = await startTestServers({
    routes: (chain) =>
      ours.flatMap((service) =>
        service.typeName === UserService.typeName
          ? implementService(UserService, { getUser }, chain)
          : implementService(service, {}, chain),
      ),
  });
});
afterAll(() => test[Symbol.asyncDispose]());

const GET_USER = `/${UserService.typeName}/GetUser`;
const WATCH_USERS = `/${UserService.typeName}/WatchUsers`;

interface Sent {
  readonly path: string;
  readonly type: string;
  readonly body?: Buffer;
  readonly encoding?: string;
}

/** The answer with headers and trailers, as text. */
function send(version: 1 | 2, { path, type, body, encoding }: Sent): Promise<string> {
  const base = `http://127.0.0.1:${test.servers.http.port}`;
  const method = body ? 'POST' : 'GET';
  const headers = {
    ...(body && { 'content-type': type }),
    ...(encoding && { 'content-encoding': encoding }),
  };
  if (version === 1)
    return fetch(`${base}${path}`, { method, headers, ...(body && { body: new Uint8Array(body) }) }).then(
      async (response) =>
        decode(`${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`),
    );
  const session = connectHttp2(base);
  return new Promise<string>((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, te: 'trailers', ...headers });
    let answer = '';
    stream.on('response', (head) => (answer += `${head[':status']} ${JSON.stringify(head)} `));
    stream.on('trailers', (trailers) => (answer += JSON.stringify(trailers)));
    stream.setEncoding('utf8').on('data', (text: string) => (answer += text));
    stream.once('end', () => resolve(decode(answer))).once('error', reject);
    stream.end(body);
  }).finally(() => session.close());
}

const decode = (text: string) =>
  text.replaceAll(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

function envelope(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

const query = (path: string, text: string, isBase64: boolean): string => {
  const message = isBase64 ? Buffer.from(text).toString('base64url') : text;
  const params = { connect: 'v1', encoding: 'json', message, ...(isBase64 && { base64: '1' }) };
  return `${path}?${new URLSearchParams(params)}`;
};

/** Each form of JSON: one request, and the first of a stream. */
const FORMS: readonly [string, (text: string) => Sent][] = [
  ['POST', (text) => ({ path: GET_USER, type: 'application/json', body: Buffer.from(text) })],
  [
    'POST with a charset',
    (text) => ({ path: GET_USER, type: 'application/json; charset=utf-8', body: Buffer.from(text) }),
  ],
  [
    'POST with gzip',
    (text) => ({ path: GET_USER, type: 'application/json', encoding: 'gzip', body: gzipSync(text) }),
  ],
  ['GET', (text) => ({ path: query(GET_USER, text, false), type: '' })],
  ['GET with base64', (text) => ({ path: query(GET_USER, text, true), type: '' })],
  ['gRPC-Web', (text) => ({ path: GET_USER, type: 'application/grpc-web+json', body: envelope(text) })],
  [
    'a stream of Connect',
    (text) => ({ path: WATCH_USERS, type: 'application/connect+json', body: envelope(text) }),
  ],
  [
    'a stream of gRPC-Web',
    (text) => ({ path: WATCH_USERS, type: 'application/grpc-web+json', body: envelope(text) }),
  ],
];

describe.each([1, 2] as const)('JSON over HTTP/%i', (version) => {
  it.each(FORMS)('unknown-fields: %s with an unknown name is refused and names it', async (_, form) => {
    const before = served;
    const answer = await send(version, form(JSON.stringify({ tenant_idd: 'demo' })));
    expect(answer).toContain('tenant_idd is not a field of rollcall.user.v1.');
    expect(answer).toContain('the nearest name is tenant_id');
    expect(served).toBe(before);
  });

  it('enum-names: is refused with the known names, in the form of every other fault', async () => {
    const body = Buffer.from(JSON.stringify({ tenantId: 'demo', id: ID, view: 'FULL' }));
    const answer = await send(version, { path: GET_USER, type: 'application/json', body });
    expect(answer).toMatch(/^400 /);
    const error = errorFromJson(
      JSON.parse(answer.slice(answer.indexOf('{"code"'))),
      undefined,
      new ConnectError(''),
    );
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe('FIELD_INVALID');
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]).toMatchObject({
      field: 'view',
      description: expect.stringContaining('USER_VIEW_FULL'),
    });
  });

  it('enum-names: an unknown number is refused too', async () => {
    const body = Buffer.from(JSON.stringify({ tenantId: 'demo', id: ID, view: 77 }));
    expect(await send(version, { path: GET_USER, type: 'application/json', body })).toMatch(/^400 .*view/);
  });

  it('unknown-fields: is served when every name exists, in either form', async () => {
    for (const json of [
      { tenantId: 'demo', id: ID },
      { tenant_id: 'demo', id: ID, min_version: '0' },
    ])
      for (const [, form] of FORMS.slice(0, 6))
        expect(await send(version, form(JSON.stringify(json)))).toMatch(/^200 /);
  });
});

it('unknown-fields: gRPC over HTTP/2 as JSON is refused likewise', async () => {
  const answer = await send(2, {
    path: GET_USER,
    type: 'application/grpc+json',
    body: envelope('{"idd":""}'),
  });
  expect(answer).toContain('idd is not a field of rollcall.user.v1.GetUserRequest');
});

it('unknown-fields: a stream in both directions is refused when a request has an unknown name', async () => {
  const path = `/${ServerReflection.typeName}/ServerReflectionInfo`;
  const body = envelope('{"listService":""}');
  expect(await send(2, { path, type: 'application/connect+json', body })).toMatch(
    /"invalid_argument".*listService/,
  );
});
