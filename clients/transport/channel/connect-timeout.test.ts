import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, createClient } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { createGrpcTransport, type GrpcTransportOptions } from '../index.ts';
import { startGrpcTestServer } from '../testing/index.ts';

/** A port whose first connections are accepted and stay silent; later ones reach the server behind it. */
async function startSilentAtFirst(silent: number, behind: number): Promise<Door> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    if (sockets.length <= silent) return;
    const onwards = connect(behind, '127.0.0.1').on('error', () => socket.destroy());
    socket.pipe(onwards).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

interface Door extends Disposable {
  readonly address: string;
  readonly sockets: readonly Socket[];
}

function open(address: string, options: Partial<GrpcTransportOptions> = {}) {
  return createGrpcTransport({ address, defaultTimeoutMs: 10_000, ...options });
}

it('closes the connection to a silent server, and tries again', async () => {
  await using server = await startGrpcTestServer(UserService, { getUser: () => ({ user: { id: 'u' } }) });
  using listener = await startSilentAtFirst(2, server.port);
  using transport = open(listener.address, { connectTimeoutMs: 200 });
  const users = createClient(UserService, transport);
  await expect(users.getUser({})).rejects.toMatchObject({
    code: Code.Unavailable,
    message: expect.stringContaining('the server did not answer within 200 ms'),
  });
  await expect.poll(() => users.getUser({}).then(({ user }) => user?.id, String)).toBe('u');
  expect(listener.sockets).toHaveLength(3);
});

it('keeps an established connection beyond the timeout', async () => {
  await using server = await startGrpcTestServer(UserService, { getUser: () => ({ user: { id: 'u' } }) });
  using listener = await startSilentAtFirst(0, server.port);
  using transport = open(listener.address, { connectTimeoutMs: 50 });
  const users = createClient(UserService, transport);
  await users.getUser({});
  await sleep(200);
  await users.getUser({});
  expect(listener.sockets).toHaveLength(1);
});
