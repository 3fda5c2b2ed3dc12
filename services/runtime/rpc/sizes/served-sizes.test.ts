import { gzipSync } from 'node:zlib';
import { create, type Message } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { errorFromJsonBytes } from '@connectrpc/connect/protocol-connect';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema } from '@rollcall/contract';
import {
  GetUserResponseSchema,
  UserAdminService,
  UserService,
  type UserState,
} from '@rollcall/contract/user';
import { connectErrorFromStatus } from '@rollcall/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../call.ts';
import { withValidation } from '../interceptors/with-validation.ts';
import { implementService } from '../route.ts';
import { startTestServers, type TestServers } from '../servers.test-support.ts';
import { binaryWith, delimited, jsonWith, repeatedFields, SERVICES, times } from './sizes.test-support.ts';

const ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
const FAR_BEYOND = 30_000;
const ours = SERVICES.filter(({ typeName }) => typeName.startsWith('rollcall.'));

let test: TestServers;
let grpc: GrpcClient;
beforeAll(async () => {
  const getUser = async () => create(GetUserResponseSchema, { user: { id: ID } });
  test = await startTestServers({
    routes: (chain) =>
      ours.flatMap((service) =>
        service.typeName === UserService.typeName
          ? implementService(UserService, { getUser }, chain)
          : implementService(service, {}, chain),
      ),
  });
  grpc = new GrpcClient(`127.0.0.1:${test.servers.grpc.port}`, credentials.createInsecure());
});
afterAll(async () => {
  grpc.close();
  await test[Symbol.asyncDispose]();
});

interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly fields: readonly string[];
}

function toRefusal(error: ConnectError): Refusal {
  return {
    reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? '',
    message: error.rawMessage,
    fields: error
      .findDetails(BadRequestSchema)
      .flatMap((each) => each.fieldViolations.map(({ field }) => field)),
  };
}

const ANSWERED: Refusal = { reason: 'OK', message: '', fields: [] };

function overGrpc(path: string, bytes: Buffer, isStream: boolean): Promise<Refusal> {
  const same = (each: Buffer) => each;
  return new Promise((resolve) => {
    if (!isStream) {
      grpc.makeUnaryRequest(`/${path}`, same, same, bytes, (error) =>
        resolve(error ? toRefusal(connectErrorFromStatus(error)) : ANSWERED),
      );
      return;
    }
    const stream = grpc.makeServerStreamRequest(`/${path}`, same, same, bytes);
    stream.on('error', (error) => resolve(toRefusal(connectErrorFromStatus(error as never))));
    stream.on('end', () => resolve(ANSWERED)).resume();
  });
}

async function overHttp(path: string, body: Buffer, headers: Record<string, string>): Promise<Refusal> {
  const response = await fetch(`http://127.0.0.1:${test.servers.http.port}/${path}`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  });
  return readRefusal(response);
}

async function readRefusal(response: Response): Promise<Refusal> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.ok) return ANSWERED;
  return toRefusal(errorFromJsonBytes(bytes, undefined, new ConnectError('no error')));
}

const envelope = (bytes: Buffer, flags = 0) => {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

// The status of a gRPC-Web call follows its messages, or is in headers if there is no message.
async function overGrpcWeb(
  path: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${test.servers.http.port}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', ...headers },
    body: new Uint8Array(body),
  });
  const answer = Buffer.from(await response.arrayBuffer()).toString();
  return decodeURIComponent(`${response.headers.get('grpc-message') ?? ''}${answer}`.replaceAll('%\n', ''));
}

const BATCH = 'rollcall.user.v1.UserService/BatchGetUsers';
const tooMany = {
  reason: 'FIELD_INVALID',
  message: 'ids must contain no more than 500 item(s).',
  fields: ['ids'],
};

describe('a request over the wire', () => {
  it.each(repeatedFields().map((each) => [each.name, each] as const))(
    'B1: %s at its limit is accepted, and far beyond it is refused with one fault, on both protocols',
    async (_, repeated) => {
      const { method, sizes } = repeated;
      const path = `${method.parent.typeName}/${method.name}`;
      const isStream = method.methodKind === 'server_streaming';
      const askAll = async (count: number) => {
        const binary = binaryWith(repeated, count);
        const http = isStream
          ? []
          : [
              overHttp(path, binary, { 'content-type': 'application/proto' }),
              overHttp(path, jsonWith(repeated, count), { 'content-type': 'application/json' }),
            ];
        return await Promise.all([overGrpc(path, binary, isStream), ...http]);
      };
      for (const { message } of await askAll(sizes.maxItems))
        expect(message).not.toMatch(/no more than|at most|too large/);
      for (const { reason, fields } of await askAll(FAR_BEYOND)) {
        expect(reason).toMatch(/^(FIELD_INVALID|MESSAGE_TOO_LARGE)$/);
        expect(fields.length).toBe(reason === 'FIELD_INVALID' ? 1 : 0);
      }
    },
  );

  it('B1: has the same limits as without its compression, in every form', async () => {
    const bomb = gzipSync(times(30_000, delimited(2, '')));
    expect(bomb.length).toBeLessThan(1000);
    const proto = { 'content-type': 'application/proto', 'content-encoding': 'gzip' };
    expect(await overHttp(BATCH, bomb, proto)).toEqual(tooMany);
    expect(await overHttp(BATCH, gzipSync(Buffer.alloc(50_000_000)), proto)).toMatchObject({
      reason: 'MESSAGE_TOO_LARGE',
    });
    const json = gzipSync(JSON.stringify({ ids: Array(30_000).fill('') }));
    const asJson = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(await overHttp(BATCH, json, asJson)).toEqual(tooMany);
    expect(await overGrpcWeb(BATCH, envelope(bomb, 1), { 'grpc-encoding': 'gzip' })).toContain(
      tooMany.message,
    );
    const query = new URLSearchParams({
      connect: 'v1',
      encoding: 'proto',
      compression: 'gzip',
      base64: '1',
      message: bomb.toString('base64url'),
    });
    const response = await fetch(`http://127.0.0.1:${test.servers.http.port}/${BATCH}?${query}`);
    expect(await readRefusal(response)).toEqual(tooMany);
  });

  it('B1: is answered when it is complete and small, compressed or not', async () => {
    const request = Buffer.concat([delimited(1, 'demo'), delimited(2, ID)]);
    const path = 'rollcall.user.v1.UserService/GetUser';
    const proto = { 'content-type': 'application/proto' };
    expect(await overHttp(path, request, proto)).toEqual(ANSWERED);
    expect(await overHttp(path, gzipSync(request), { ...proto, 'content-encoding': 'gzip' })).toEqual(
      ANSWERED,
    );
    const json = JSON.stringify({ tenantId: 'demo', id: ID, minVersion: '0'.repeat(30) });
    expect(await overHttp(path, Buffer.from(json), { 'content-type': 'application/json' })).toEqual(ANSWERED);
    expect(await overGrpcWeb(path, envelope(gzipSync(request), 1), { 'grpc-encoding': 'gzip' })).toContain(
      'grpc-status: 0',
    );
    const query = new URLSearchParams({ connect: 'v1', encoding: 'json', compression: 'gzip', base64: '1' });
    query.set('message', gzipSync(JSON.stringify({ tenantId: 'demo', id: ID })).toString('base64url'));
    expect(
      await readRefusal(await fetch(`http://127.0.0.1:${test.servers.http.port}/${path}?${query}`)),
    ).toEqual(ANSWERED);
  });

  it('B1: is refused when it holds two messages instead of one', async () => {
    const one = envelope(times(3000, delimited(2, '')));
    expect(await overGrpcWeb(BATCH, Buffer.concat([one, one]))).toContain(
      'is not a rollcall.user.v1.BatchGetUsersRequest',
    );
  });

  it('B1: is refused when JSON is nested deeper than a decoder may go', async () => {
    const deep = `{"attributes":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const answer = await overHttp(
      'rollcall.user.v1.UserAdminService/RecordActivity',
      Buffer.from(`{"tenantId":"demo","activity":${deep}}`),
      { 'content-type': 'application/json' },
    );
    expect(answer.reason).toMatch(/MESSAGE_MALFORMED|FIELD_INVALID/);
  });
});

describe('validation', () => {
  it('B1: stops at the first violation, and counts a list before it checks any element', async () => {
    let looks = 0;
    const endless = new Proxy(Array<UserState>(4_000_000), {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) {
          looks += 1;
          return 99;
        }
        return Reflect.get(target, name, receiver);
      },
    });
    const method = UserAdminService.method.listUsers;
    const validate = (states: UserState[]) => {
      const request = create(method.input, { tenantId: 'demo', filter: {} });
      if (request.filter) request.filter.states = states;
      const handler = withValidation()(async () => {}, method);
      return handler({ method, request: request as Message } as unknown as Call);
    };
    await expect(validate(endless)).rejects.toMatchObject({
      options: { violations: [{ field: 'filter.states' }] },
    });
    expect(looks).toBe(0);
    await expect(validate(Array<UserState>(10).fill(99 as UserState))).rejects.toMatchObject({
      options: { violations: [{ field: 'filter.states[0]' }] },
    });
  });
});
