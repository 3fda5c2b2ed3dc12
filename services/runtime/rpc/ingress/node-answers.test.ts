import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestServers } from '../servers.test-support.ts';
import { GET_USER, openServers } from './wire-protocols.test-support.ts';

let test: TestServers;
beforeAll(async () => {
  test = await openServers();
});
afterAll(() => test[Symbol.asyncDispose]());

describe('HTTP/2', () => {
  const own = () => `127.0.0.1:${test.servers.http.port}`;

  it.each([
    ['CONNECT to another host', 403, { ':method': 'CONNECT', ':authority': 'evil.test:80' }],
    ['CONNECT to this one', 404, { ':method': 'CONNECT' }],
    ['an expectation', 417, { ':method': 'POST', ':path': GET_USER, expect: 'constructor' }],
  ])(
    'B4: answers %s, which Node refuses by itself, with the headers of every answer',
    async (_, status, headers) => {
      const session = connectHttp2(`http://${own()}`);
      const stream = session.request({ ':authority': own(), ...headers });
      const answered = Promise.withResolvers<Record<string, unknown>>();
      stream.once('response', answered.resolve).once('error', answered.reject).resume();
      expect(await answered.promise).toMatchObject({
        ':status': status,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      stream.close();
      session.destroy();
    },
  );
});
