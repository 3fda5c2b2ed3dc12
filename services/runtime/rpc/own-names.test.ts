import { connect as connectHttp2 } from 'node:http2';
import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { credentials, Client as GrpcClient, status } from '@grpc/grpc-js';
import { Health } from '@rollcall/contract/health';
import { ServerReflection } from '@rollcall/contract/reflection';
import { expectRefusal } from '@rollcall/contract/testing';
import { GetUserResponseSchema, UserService } from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { implementService } from './route.ts';
import { startTestServers, type TestServers } from './servers.test-support.ts';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
const ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';

let test: TestServers;
beforeAll(async () => {
  const getUser = async () => create(GetUserResponseSchema, { user: { id: ID } });
  const plain = { maxBytes: 10, answer: async () => ({ status: 200, type: 'text/plain', body: 'posted' }) };
  test = await startTestServers({
    routes: (chain) => implementService(UserService, { getUser }, chain),
    postRoutes: { '/hook': plain },
  });
});
afterAll(() => test[Symbol.asyncDispose]());

// nghttp2 checks the path for the schemes http and https only.
function ask(path: string, headers: Record<string, string>, body?: Buffer): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${test.servers.http.port}`);
  return new Promise<number>((resolve, reject) => {
    const stream = session.request({ ':scheme': 'x', ':path': path, ...headers });
    stream.once('response', (response) => resolve(Number(response[':status'])));
    stream.once('error', reject);
    stream.resume().end(body);
  }).finally(() => session.close());
}

describe.each(NAMES)('the name %s, which every object inherits,', (name) => {
  it('B7: is no path of the HTTP port, with or without a slash, for GET or POST', async () => {
    for (const path of [name, `/${name}`, `/${name}/${name}`, `/rollcall.user.v1.UserService/${name}`]) {
      expect(await ask(path, { ':method': 'GET' })).toBe(404);
      const body = Buffer.alloc(100_000);
      expect(await ask(path, { ':method': 'POST', 'content-type': 'application/json' }, body)).toBe(404);
    }
    expect(test.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('B7: is no method of the gRPC port', async () => {
    const client = new GrpcClient(`127.0.0.1:${test.servers.grpc.port}`, credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    for (const path of [`/${name}`, `/${name}/${name}`, `/rollcall.user.v1.UserService/${name}`]) {
      const code = await new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error) => resolve(error?.code));
      });
      expect(code).toBe(status.UNIMPLEMENTED);
    }
    client.close();
  });

  it('B7: is no service for health, and no symbol, file or extension for reflection', async () => {
    using transport = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    await expectRefusal(createClient(Health, transport).check({ service: name }), {
      code: 'NotFound',
      reason: 'SERVICE_UNKNOWN',
    });
    async function* questions() {
      yield { messageRequest: { case: 'fileContainingSymbol' as const, value: name } };
      yield { messageRequest: { case: 'fileByFilename' as const, value: name } };
      yield { messageRequest: { case: 'allExtensionNumbersOfType' as const, value: name } };
    }
    const answers = await Array.fromAsync(
      createClient(ServerReflection, transport).serverReflectionInfo(questions()),
    );
    expect(answers.map(({ messageResponse }) => messageResponse.case)).toEqual(
      Array(3).fill('errorResponse'),
    );
  });

  it('B7: is an unknown header, field and enum value like any other', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${test.servers.http.port}/rollcall.user.v1.UserService/GetUser`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    const known = `"tenantId":"demo","id":"${ID}"`;
    expect((await post(`{${known}}`, { [name]: '1' })).status).toBe(200);
    const strange = async (word: string) => [
      (await post(`{${known},"${word}":{"a":[1]}}`)).status,
      (await post(`{${known},"view":"${word}"}`)).status,
      (await post(`{${known}}`, { 'content-encoding': word })).status,
      (await post(`{${known}}`, { 'content-type': `application/${word}` })).status,
    ];
    expect(await strange(name)).toEqual(await strange('nonsense'));
    expect((await post(`{${known}}`, { 'x-request-id': name })).status).toBe(200);
  });
});
