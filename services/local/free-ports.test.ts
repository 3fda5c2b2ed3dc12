import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { requireFreePorts } from './free-ports.ts';

describe('requireFreePorts', () => {
  it('names every port in use with its variable and the cure', async () => {
    await using taken = await takePort();
    const { port } = taken;
    const ports = [
      { variable: 'AUTH_GRPC_PORT', port },
      { variable: 'AUTH_HTTP_PORT', port },
    ];
    await expect(requireFreePorts(ports, 0)).rejects.toThrow(
      `Port ${port} is in use: stop what listens there, or set AUTH_GRPC_PORT to another port\n` +
        `Port ${port} is in use: stop what listens there, or set AUTH_HTTP_PORT to another port`,
    );
  });

  it('waits for a port that becomes free in time', async () => {
    const taken = await takePort();
    const free = requireFreePorts([{ variable: 'AUTH_GRPC_PORT', port: taken.port }], 10_000);
    await taken[Symbol.asyncDispose]();
    await expect(free).resolves.toBeUndefined();
  });
});

async function takePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port, [Symbol.asyncDispose]: close };
}
