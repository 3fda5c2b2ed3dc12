import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestServers } from '../servers.test-support.ts';
import { checkOrigin, isLoopbackHost } from './loopback-host.ts';
import { openRawHttp2 } from './raw-http2.test-support.ts';
import { GET_USER, openServers, PLAIN_PATH } from './wire-protocols.test-support.ts';

const HEALTH = '/grpc.health.v1.Health/Check';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const PATHS = [
  GET_USER,
  HEALTH,
  REFLECTION,
  PLAIN_PATH,
  '/healthz',
  '/readyz',
  '/metrics',
  '/no/such/path',
  '/',
];
const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

const FOREIGN: readonly [string, Readonly<Record<string, string>>][] = [
  ['a foreign host', { host: 'evil.test' }],
  ['a name that only begins like loopback', { host: '127.0.0.1.evil.test' }],
  ['a page of another origin', { origin: 'http://evil.test' }],
  ['a page of no origin', { origin: 'null' }],
  ['a page of another server of this machine', { origin: 'http://localhost:3000' }],
  ['a browser that says that the site is another', { 'sec-fetch-site': 'cross-site' }],
];

interface Answer {
  readonly status: number;
  readonly headers: string;
}

let test: TestServers;
beforeAll(async () => {
  test = await openServers();
});
afterAll(() => test[Symbol.asyncDispose]());

const own = () => `127.0.0.1:${test.servers.http.port}`;

async function askHttp1(head: string): Promise<Answer> {
  const socket = connect(test.servers.http.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(head);
  const text = Buffer.concat(await Array.fromAsync(socket)).toString();
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
    headers: text.split('\r\n\r\n')[0] as string,
  };
}

function byHttp1(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const all = {
    host: own(),
    'content-type': 'application/json',
    'content-length': '2',
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return askHttp1(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n{}`);
}

async function byHttp2(
  method: string,
  path: string,
  { host, ...headers }: Readonly<Record<string, string>>,
): Promise<Answer> {
  const session = connectHttp2(`http://${own()}`);
  const stream = session.request({
    ':method': method,
    ':path': path,
    ':authority': host ?? own(),
    'content-type': 'application/json',
    ...headers,
  });
  if (!stream.writableEnded) stream.end('{}');
  const [answered] = await once(stream, 'response');
  stream.resume();
  session.close();
  const text = Object.entries(answered as object).map(([name, value]) => `${name}: ${value}`);
  return { status: Number(answered[':status']), headers: text.join('\r\n') };
}

describe.each([
  ['HTTP/1.1', byHttp1],
  ['HTTP/2', byHttp2],
] as const)('the HTTP port of a service that does not authenticate callers, by %s', (_, ask) => {
  it.each(FOREIGN)('B4: refuses every path and method to %s', async (_, headers) => {
    for (const path of PATHS) {
      for (const method of METHODS) {
        const { status, headers: answered } = await ask(method, path, headers);
        expect([method, path, status]).toEqual([method, path, 403]);
        expect(answered).toMatch(/cache-control: no-store/);
        expect(answered).toMatch(/x-content-type-options: nosniff/);
      }
    }
  });

  it('B4: answers every path to its own hosts and origins, uncached and with its content type', async () => {
    for (const path of PATHS) {
      for (const method of METHODS) {
        const { status, headers } = await ask(method, path, {
          origin: `http://${own()}`,
          'sec-fetch-site': 'same-origin',
        });
        expect([method, path, status]).not.toEqual([method, path, 403]);
        expect(headers).toMatch(/cache-control: no-store/);
        expect(headers).toMatch(/x-content-type-options: nosniff/);
      }
    }
  });

  it('B4: names the cure', async () => {
    const response = await fetch(`http://${own()}/readyz`, { headers: { origin: 'http://evil.test' } });
    expect(await response.text()).toMatch(/127\.0\.0\.1, \[::1\] or localhost.*authenticate/);
    const call = await fetch(`http://${own()}${GET_USER}`, {
      method: 'POST',
      headers: { origin: 'http://evil.test', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await call.json()).toMatchObject({
      code: 'permission_denied',
      details: [{ debug: { reason: 'NOT_GRANTED' } }],
    });
  });
});

describe('HTTP/1.1', () => {
  it.each([
    ['no host', 'GET /metrics HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['no host in HTTP/1.0', 'GET /metrics HTTP/1.0\r\n\r\n', 400],
    [
      'two hosts',
      'GET /metrics HTTP/1.1\r\nhost: localhost\r\nhost: evil.test\r\nconnection: close\r\n\r\n',
      400,
    ],
    [
      'a user before the host',
      'GET /metrics HTTP/1.1\r\nhost: a@127.0.0.1\r\nconnection: close\r\n\r\n',
      400,
    ],
    [
      'an absolute path',
      'GET http://evil.test/metrics HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\n\r\n',
      403,
    ],
    ['what is no request', 'hello\r\n\r\n', 400],
    ['too many headers', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what it expects', 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: tea\r\nconnection: close\r\n\r\n', 417],
  ])('B4: refuses %s', async (_, head, status) => {
    const answer = await askHttp1(head);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatch(/cache-control: no-store/);
    expect(answer.headers).toMatch(/x-content-type-options: nosniff/);
  });
});

describe.each(['http', 'grpc'] as const)('HTTP/2 to the %s port', (server) => {
  it.each([
    ['a foreign :authority', { ':authority': 'evil.test' }],
    ['a foreign host beside a loopback :authority', { ':authority': 'localhost', host: 'evil.test' }],
    ['a loopback host beside a foreign :authority', { ':authority': 'evil.test', host: 'localhost' }],
    ['a foreign origin', { ':authority': 'localhost', origin: 'http://evil.test' }],
    ['a foreign site', { ':authority': 'localhost', 'sec-fetch-site': 'cross-site' }],
  ])('B4: refuses %s', async (_, headers) => {
    // A separate server, because the log limits the lines of many refusals in one second.
    await using own = await openServers();
    using raw = await openRawHttp2(own.servers[server].port);
    const id = raw.open({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': GET_USER,
      ...headers,
      'content-type': 'application/grpc',
    });
    await raw.send(id, Buffer.alloc(5), { end: true });
    await raw.ended(id);
    expect(own.log.filter(({ msg }) => msg === 'call')).toEqual([]);
    if (server === 'http') expect(raw.data(id)).toMatch(/does not serve|must name one host/);
    else expect(own.log).toContainEqual(expect.objectContaining({ reason: 'NOT_GRANTED' }));
  });
});

describe('a loopback host', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost:80',
    '127.0.0.1',
    '127.0.0.1:8081',
    '127.255.255.254',
    '[::1]',
    '[::1]:1',
  ])('B4: is %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    '',
    'localhost.',
    'localhost.evil.test',
    'evil.localhost',
    '127.0.0.1.',
    '127.0.0.1.evil.test',
    'evil127.0.0.1',
    '127.1',
    '127.0.0.256',
    '127.0.0.01',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '::1',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::1]evil.test',
    'user@127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:80:80',
    '127.0.0.1:123456',
    '127.0.0.1, evil.test',
    '127.0.0.1\n',
    '10.0.0.1',
  ])('B4: is not %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });

  it('B4: may be one that a path allows, for that path only', () => {
    const from = (host: string, origin?: string) => ({ hosts: [host], origin, fetchSite: undefined });
    expect(checkOrigin(from('Hooks.test:443'), ['hooks.test'])).toBeUndefined();
    expect(checkOrigin(from('hooks.test:444'), ['hooks.test:443'])?.status).toBe(403);
    expect(checkOrigin(from('evil.hooks.test'), ['hooks.test'])?.status).toBe(403);
    expect(checkOrigin(from('hooks.test', 'http://evil.test'), ['hooks.test'])?.status).toBe(403);
  });
});
