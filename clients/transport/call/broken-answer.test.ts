import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { GetUserResponseSchema, UserAdminService, UserService } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { createGrpcTransport } from '../index.ts';

/** Answers headers, then what `ends` returns for the call of this number, from 0. */
async function startServer(ends: readonly ('break' | 'refuse' | 'answer')[]): Promise<Server> {
  let calls = 0;
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const end = ends[calls] ?? 'break';
    calls += 1;
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    if (end === 'break') setTimeout(() => stream.session?.destroy(), 20);
    stream.on('wantTrailers', () => stream.sendTrailers(end === 'refuse' ? REFUSAL : { 'grpc-status': '0' }));
    if (end === 'refuse') stream.end();
    if (end === 'answer') stream.end(toFrame(toBinary(GetUserResponseSchema, create(GetUserResponseSchema))));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    [Symbol.dispose]: () => void server.close(),
  };
}

interface Server extends Disposable {
  readonly address: string;
  readonly calls: () => number;
}

const REFUSAL = { 'grpc-status': '14', 'grpc-retry-pushback-ms': '-1' };

function toFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function open(address: string, retryReadsOf = [UserService, UserAdminService]) {
  return createGrpcTransport({ address, retryReadsOf, defaultTimeoutMs: 5_000 });
}

it('sends a read again over another connection when the first one breaks after the headers', async () => {
  using server = await startServer(['break', 'answer']);
  using transport = open(server.address);
  await createClient(UserService, transport).getUser({});
  expect(server.calls()).toBe(2);
});

it('sends it again only once', async () => {
  using server = await startServer(['break', 'break', 'answer']);
  using transport = open(server.address);
  await expect(createClient(UserService, transport).getUser({})).rejects.toMatchObject({
    code: Code.Unavailable,
  });
  expect(server.calls()).toBe(2);
});

it.each([
  ['that the server ended after the headers, asking for no retry', ['refuse', 'answer'], UserService],
  ['of a service that is not retried', ['break', 'answer'], undefined],
] as const)('sends a read %s once', async (_what, ends, service) => {
  using server = await startServer(ends);
  using transport = open(server.address, service ? [service as never] : []);
  await expect(createClient(UserService, transport).getUser({})).rejects.toMatchObject({
    code: Code.Unavailable,
  });
  expect(server.calls()).toBe(1);
});

it('sends a write once when its connection breaks after the headers', async () => {
  using server = await startServer(['break', 'answer']);
  using transport = open(server.address);
  await expect(createClient(UserAdminService, transport).createUser({})).rejects.toMatchObject({
    code: Code.Unavailable,
  });
  expect(server.calls()).toBe(1);
});
