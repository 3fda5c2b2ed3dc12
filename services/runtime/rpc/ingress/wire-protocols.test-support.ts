import { once } from 'node:events';
import { connect } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { GetUserRequestSchema, GetUserResponseSchema, UserService } from '@rollcall/contract/user';
import type { PostRoute } from '../http/plain-routes.ts';
import { implementService } from '../route.ts';
import { startTestServers, type TestServers } from '../servers.test-support.ts';
import type { ServersOptions } from '../start-servers.ts';
import { openRawHttp2 } from './raw-http2.test-support.ts';

export const USER_ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
export const GET_USER = `/${UserService.typeName}/GetUser`;
export const PLAIN_PATH = '/hooks/test';

/** Starts servers with one method and one plain route, which answers the number of bytes. */
export function openServers(options: Partial<ServersOptions> = {}): Promise<TestServers> {
  const plain: PostRoute = {
    maxBytes: 4 * 1024 * 1024,
    answer: async ({ body }) => ({ status: 200, type: 'text/plain', body: `${body.length} bytes\n` }),
  };
  return startTestServers({
    routes: (chain) =>
      implementService(
        UserService,
        { getUser: async ({ id }) => create(GetUserResponseSchema, { user: { id } }) },
        chain,
      ),
    postRoutes: { [PLAIN_PATH]: plain },
    ...options,
  });
}

/** Value of a metric, by the beginning of its line. */
export async function readMetric(test: TestServers, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${test.servers.http.port}/metrics`)).text();
  return Number(
    page
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1),
  );
}

/** A protocol and transport of a message. */
export interface WireProtocol {
  readonly name: string;
  readonly transport: 'HTTP/1.1' | 'HTTP/2';
  readonly server: 'grpc' | 'http';
  readonly path: string;
  readonly contentType: string;
  /** A request of about this many bytes, with its prefix. */
  body(bytes: number): Buffer;
}

/** Every transport with every form of a body. */
export const WIRE_PROTOCOLS: readonly WireProtocol[] = [
  {
    name: 'gRPC',
    transport: 'HTTP/2',
    server: 'grpc',
    path: GET_USER,
    contentType: 'application/grpc',
    body: prefixed,
  },
  ...(['HTTP/1.1', 'HTTP/2'] as const).flatMap((transport): WireProtocol[] => [
    ...(transport === 'HTTP/2' ? [onHttp(transport, 'gRPC', 'application/grpc', prefixed)] : []),
    onHttp(transport, 'gRPC-Web', 'application/grpc-web+proto', prefixed),
    onHttp(transport, 'Connect', 'application/proto', request),
    onHttp(transport, 'JSON', 'application/json', json),
    { ...onHttp(transport, 'a plain route', 'text/plain', json), path: PLAIN_PATH },
  ]),
];

function onHttp(
  transport: WireProtocol['transport'],
  form: string,
  contentType: string,
  body: WireProtocol['body'],
): WireProtocol {
  return { name: `${form} by ${transport}`, transport, server: 'http', path: GET_USER, contentType, body };
}

/** A message that the test sends in pieces. */
export interface Sending extends Disposable {
  /** Sends a part in pieces of the given size: a DATA frame or a chunk each. */
  send(bytes: Uint8Array, pieceBytes?: number): Promise<void>;
  end(): Promise<void>;
  /** The whole answer, as text. */
  answer(): Promise<string>;
}

/** Begins a call: sends headers and no body. */
export async function beginCall(protocol: WireProtocol, { servers }: TestServers): Promise<Sending> {
  const { port } = servers[protocol.server];
  return protocol.transport === 'HTTP/2' ? beginHttp2(protocol, port) : beginHttp1(protocol, port);
}

async function beginHttp2({ path, contentType }: WireProtocol, port: number): Promise<Sending> {
  const raw = await openRawHttp2(port);
  const id = raw.open({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': `127.0.0.1:${port}`,
    'content-type': contentType,
    te: 'trailers',
  });
  return {
    send: (bytes, pieceBytes) => raw.send(id, bytes, { pieceBytes: pieceBytes ?? 16_384 }),
    end: () => raw.send(id, Buffer.alloc(0), { end: true }),
    async answer() {
      await raw.ended(id);
      const headers = raw.frames
        .filter((each) => each.type === 1)
        .map((each) => each.payload.toString('latin1'));
      return `${headers.join()} ${raw.data(id)}`;
    },
    [Symbol.dispose]: () => raw[Symbol.dispose](),
  };
}

async function beginHttp1({ path, contentType }: WireProtocol, port: number): Promise<Sending> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  let answered = '';
  socket.on('data', (chunk) => {
    answered += chunk;
  });
  const write = async (bytes: Uint8Array | string) => {
    if (!socket.destroyed && !socket.write(bytes))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  };
  await write(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${contentType}\r\n` +
      'transfer-encoding: chunked\r\nconnection: close\r\n\r\n',
  );
  return {
    async send(bytes, pieceBytes = 16_384) {
      for (let at = 0; at < bytes.length; ) {
        const batch: Buffer[] = [];
        for (let i = 0; i < 8192 && at < bytes.length; i++, at += pieceBytes) {
          const piece = bytes.subarray(at, at + pieceBytes);
          batch.push(
            Buffer.from(`${piece.length.toString(16)}\r\n`),
            Buffer.from(piece),
            Buffer.from('\r\n'),
          );
        }
        await write(Buffer.concat(batch));
      }
    },
    end: () => write('0\r\n\r\n'),
    async answer() {
      if (!socket.closed) await once(socket, 'close');
      return answered;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

// Padded after the fields, by white space or by an unknown field, because known fields are limited.
function request(bytes: number): Buffer {
  const known = toBinary(
    GetUserRequestSchema,
    create(GetUserRequestSchema, { tenantId: 'demo', id: USER_ID }),
  );
  const padding = Buffer.alloc(Math.max(0, bytes - known.length));
  return Buffer.concat([known, Buffer.from([0xfa, 0x7f]), toVarint(padding.length), padding]);
}

function json(bytes: number): Buffer {
  return Buffer.from(JSON.stringify({ tenantId: 'demo', id: USER_ID }).padEnd(bytes));
}

function prefixed(bytes: number): Buffer {
  const message = request(bytes);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function toVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
