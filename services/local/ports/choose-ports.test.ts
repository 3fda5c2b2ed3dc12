import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PORTS_FILE, StartupError, withLocalPorts } from '@rollcall/runtime';
import { describe, expect, it } from 'vitest';
import { type LocalConfig, portsOf, readLocalConfig } from '../config.ts';
import { choosePorts, startOnPorts } from './choose-ports.ts';
import { publishPorts } from './publish-ports.ts';

/** Settings whose ports are as given; those that are named stand in the environment as well. */
function configOf(ports: Partial<LocalConfig>, env: NodeJS.ProcessEnv = {}): LocalConfig {
  return { ...readLocalConfig(env, []), ...ports };
}

const authPort = (config: LocalConfig) => [{ variable: 'AUTH_GRPC_PORT', port: config.authGrpcPort }];

describe('choosing ports', () => {
  it('ports: puts another below the ephemeral range in the place of one that a server holds and nobody set', async () => {
    await using taken = await takePort();
    const config = configOf({ authGrpcPort: taken.port });
    const { config: chosen, moved } = await choosePorts(config, { ports: authPort(config) });
    const [port] = moved;
    expect(moved).toEqual([{ variable: 'AUTH_GRPC_PORT', from: taken.port, to: chosen.authGrpcPort }]);
    expect(port?.to).toBeLessThan(32_768);
    expect(String(port?.to).slice(-1)).toBe(String(taken.port).slice(-1));
    expect(chosen).toEqual({ ...config, authGrpcPort: port?.to });
    // It is free.
    await using _ = await takePort(port?.to);
  });

  it('ports: does the same where an outgoing connection of the machine holds the port, on which nobody listens', async () => {
    await using held = await holdPortByConnection();
    const config = configOf({ vendorGrpcPort: held.port });
    const ports = [{ variable: 'VENDOR_GRPC_PORT', port: held.port }];
    const { moved } = await choosePorts(config, { ports });
    expect(moved).toMatchObject([{ variable: 'VENDOR_GRPC_PORT', from: held.port }]);
  });

  it('ports: leaves every port where it is as long as it is free', async () => {
    const port = await freePort();
    const config = configOf({ authGrpcPort: port });
    expect(await choosePorts(config, { ports: authPort(config) })).toEqual({ config, moved: [] });
  });

  it('ports: gives no two the same, nor one that another setting names', async () => {
    await using taken = await takePort();
    const lower = 20_000 + (taken.port % 10_000);
    const ports = [
      { variable: 'AUTH_GRPC_PORT', port: taken.port },
      { variable: 'BOOKING_GRPC_PORT', port: taken.port },
      { variable: 'POSTGRES_PORT', port: lower },
    ];
    const { moved } = await choosePorts(configOf({}), { ports });
    const places = moved.map(({ to }) => to);
    expect(places).not.toContain(lower);
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeGreaterThanOrEqual(2);
  });

  it('ports: names every set port in use with its variable and the cure, its default as well', async () => {
    await using taken = await takePort();
    const { port } = taken;
    const env = { AUTH_GRPC_PORT: String(port), BOOKING_GRPC_PORT: String(port) };
    const ports = ['AUTH_GRPC_PORT', 'BOOKING_GRPC_PORT', 'VENDOR_GRPC_PORT'].map((variable) => ({
      variable,
      port,
    }));
    const config = { ...readLocalConfig({}, []), env };
    await expect(choosePorts(config, { ports })).rejects.toThrow(
      new StartupError(
        `Port ${port} is in use: stop what listens there, or set AUTH_GRPC_PORT to another port\n` +
          `Port ${port} is in use: stop what listens there, or set BOOKING_GRPC_PORT to another port`,
      ),
    );
  });

  it('waits for a port that becomes free in time', async () => {
    const taken = await takePort();
    const config = configOf({ authGrpcPort: taken.port });
    const chosen = choosePorts(config, { ports: authPort(config), maxWaitMs: 10_000 });
    await taken[Symbol.asyncDispose]();
    await expect(chosen).resolves.toEqual({ config, moved: [] });
  });

  it('ports: starts again on another port where one is taken between the look and the start, and not where it is not', async () => {
    const port = await freePort();
    const told: unknown[] = [];
    const repeat = { portsOf: authPort, onMoved: (moved: unknown) => told.push(moved) };
    await using stack = new AsyncDisposableStack();
    const { started, config } = await startOnPorts(
      configOf({ authGrpcPort: port }),
      repeat,
      async (current) => {
        if (current.authGrpcPort !== port) return current.authGrpcPort;
        stack.use(await takePort(port));
        throw new StartupError('in use');
      },
    );
    expect(config.authGrpcPort).toBe(started);
    expect(started).not.toBe(port);
    expect(told).toEqual([[{ variable: 'AUTH_GRPC_PORT', from: port, to: started }]]);
    const fault = new StartupError('something else');
    await expect(startOnPorts(config, repeat, () => Promise.reject(fault))).rejects.toBe(fault);
  });
});

describe('ports of a running start', () => {
  it('ports: are what command lines find where the environment says nothing, as long as it runs', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-ports-'));
    using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
    const env = { ROLLCALL_DATA_DIR: directory, BOOKING_GRPC_PORT: '6001', AUTH_HTTP_PORT: ' ' };
    const config = configOf({ authHttpPort: 20_081, billingHttpPort: 20_084 });
    const published = publishPorts(directory, portsOf(config));
    expect(published.fault).toBeUndefined();
    expect(withLocalPorts(env)).toMatchObject({
      AUTH_HTTP_PORT: '20081',
      BILLING_HTTP_PORT: '20084',
      BOOKING_GRPC_PORT: '6001',
      POSTGRES_PORT: '54320',
    });
    published[Symbol.dispose]();
    expect(existsSync(join(directory, PORTS_FILE))).toBe(false);
    expect(withLocalPorts(env)).toEqual(env);
    // Of one that was killed, whose process id nobody has: the largest that Linux gives is 4194304.
    writeFileSync(
      join(directory, PORTS_FILE),
      JSON.stringify({ pid: 4_194_305, ports: { AUTH_GRPC_PORT: 1 } }),
    );
    expect(withLocalPorts(env)).toEqual(env);
  });
});

async function takePort(wanted = 0) {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port, [Symbol.asyncDispose]: close };
}

async function freePort(): Promise<number> {
  await using taken = await takePort();
  return taken.port;
}

/** A connection out of a port, to a server of this test's own. */
async function holdPortByConnection() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted: Socket[] = [];
  server.on('connection', (socket) => accepted.push(socket));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const close = async () => {
    for (const each of [socket, ...accepted]) each.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: socket.localPort ?? 0, [Symbol.asyncDispose]: close };
}
