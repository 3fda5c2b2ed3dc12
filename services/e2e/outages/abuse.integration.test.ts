import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const GET_USER = `/${UserService.typeName}/GetUser`;

const stack = new AsyncDisposableStack();
const tenantId = freshTenant();
let auth: ServiceProcess;
let id: string;
let read: () => Promise<string | undefined>;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('auth'));
  auth = stack.use(
    await startService('auth', {
      AUTH_DATABASE_URL: database.url,
      AUTH_CALLS: '50',
      AUTH_DATABASE_CONNECTIONS: '2',
    }),
  );
  const transport = stack.use(
    createGrpcTransport({ address: `127.0.0.1:${auth.grpcPort}`, defaultTimeoutMs: 10_000 }),
  );
  ({ id } = await seedUser({ admin: createClient(UserAdminService, transport) }, tenantId));
  const users = createClient(UserService, transport);
  read = async () => (await users.getUser({ tenantId, id })).user?.id;
});

afterAll(() => stack.disposeAsync());

describe('the auth service', () => {
  it.each([
    ['what is no HTTP/2 at all', Buffer.from('\x16\x03\x01\x02\x00 hello, this is TLS, is it not?\r\n\r\n')],
    [
      'a frame longer than any may be',
      Buffer.concat([PREFACE, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]),
    ],
    [
      'headers that cannot be decompressed',
      Buffer.concat([PREFACE, settings(), Buffer.from([0, 0, 4, 1, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])]),
    ],
    [
      'data for a stream that nobody opened',
      Buffer.concat([PREFACE, settings(), Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 99, 0])]),
    ],
    ['half a preface, and silence', PREFACE.subarray(0, 10)],
  ])('serves others on, whoever sends it %s', async (_, bytes) => {
    const socket = await open(auth.grpcPort);
    socket.write(bytes);
    await sleep(100);
    expect(await read()).toBe(id);
    socket.destroy();
  });

  it('ends a call with too much metadata, that call alone, and says that it was too much', async () => {
    const session = connectHttp2(`http://127.0.0.1:${auth.grpcPort}`);
    session.on('error', () => {});
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-many-${i}`, 'x'.repeat(100)]));
    const stream = session.request({ ...grpcHeaders(), ...many });
    stream.on('error', () => {});
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(session.destroyed).toBe(false);
    session.destroy();
    expect(await read()).toBe(id);
  });

  it('refuses what a flood has too much of by OVERLOADED, and answers the rest', async () => {
    const transport = stack.use(
      createGrpcTransport({
        address: `127.0.0.1:${auth.grpcPort}`,
        defaultTimeoutMs: 20_000,
      }),
    );
    const admin = createClient(UserAdminService, transport);
    const outcomes = await Promise.all(
      Array.from({ length: 2000 }, (_, i) =>
        admin.createUser({ tenantId, user: { firstName: `Flood ${i}` } }).then(
          () => 'answered',
          (error) => String(error.rawMessage),
        ),
      ),
    );
    const kinds = new Set(outcomes);
    expect(kinds).toContain('answered');
    kinds.delete('answered');
    for (const kind of kinds)
      expect(kind).toMatch(/more calls than it can serve|more to ask of its database/);
    expect(kinds.size).toBeGreaterThan(0);
    await expect.poll(() => read().catch(String), { timeout: 20_000 }).toBe(id);
  });

  it('lets nobody who opens streams and never reads take its memory or its time', async () => {
    const session = connectHttp2(`http://127.0.0.1:${auth.grpcPort}`, { settings: { initialWindowSize: 0 } });
    session.on('error', () => {});
    const streams = Array.from({ length: 300 }, () => {
      const stream = session.request(grpcHeaders());
      stream.on('error', () => {});
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
      return stream;
    });
    await sleep(300);
    expect(await read()).toBe(id);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    session.destroy();
    expect(await read()).toBe(id);
  });

  it('gives up streams that are opened and reset as fast as can be, and serves others on', async () => {
    const session = connectHttp2(`http://127.0.0.1:${auth.grpcPort}`);
    session.on('error', () => {});
    for (let round = 0; round < 20 && !session.destroyed; round++) {
      for (let i = 0; i < 200 && !session.destroyed; i++) {
        const stream = session.request(grpcHeaders());
        stream.on('error', () => {});
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await sleep(1);
    }
    expect(await read()).toBe(id);
    session.destroy();
  });
});

function grpcHeaders(): Record<string, string> {
  return { ':method': 'POST', ':path': GET_USER, 'content-type': 'application/grpc', te: 'trailers' };
}

function settings(): Buffer {
  return Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
