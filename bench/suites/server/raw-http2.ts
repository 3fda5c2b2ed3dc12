import { connect, type Socket } from 'node:net';

/**
 * A minimal gRPC client: it sends prepared bytes and reads no more of an answer than the message. On two
 * cores a full client would be slower than any server and hide it. Frames:
 * https://www.rfc-editor.org/rfc/rfc9113, header fields: https://www.rfc-editor.org/rfc/rfc7541.
 */
export interface RawClient extends Disposable {
  /** Sends a framed request. Resolves with the answer's message; rejects when the answer is an error. */
  call(request: Buffer): Promise<Buffer>;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const FRAME_HEAD = 9;
const MOST_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;

interface Waiting {
  readonly parts: Buffer[];
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Connects to an HTTP/2 server without TLS. @param path of the one method to call */
export async function openRawClient(address: string, path: string): Promise<RawClient> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return new RawConnection(socket, headerBlock(path, address));
}

class RawConnection implements RawClient {
  readonly #socket: Socket;
  readonly #headers: Buffer;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #rest: Buffer = Buffer.alloc(0);
  #received = 0;
  #unsent: Buffer[] = [];

  constructor(socket: Socket, headers: Buffer) {
    this.#socket = socket;
    this.#headers = headers;
    // No dynamic header table, so that our headers are constant bytes and the server's need no decoding.
    const settings = Buffer.alloc(12);
    settings.writeUInt16BE(1, 0);
    settings.writeUInt16BE(4, 6);
    settings.writeUInt32BE(MOST_WINDOW, 8);
    socket.write(
      Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings), windowUpdate(MOST_WINDOW - DEFAULT_WINDOW)]),
    );
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  call(request: Buffer): Promise<Buffer> {
    const id = this.#nextId;
    this.#nextId += 2;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.#waiting.set(id, { parts: [], resolve, reject });
    this.#send(frame(HEADERS, END_HEADERS, id, this.#headers), frame(DATA, END_STREAM, id, request));
    return promise;
  }

  // Frames of one event loop turn share one write.
  #send(...frames: Buffer[]): void {
    if (this.#unsent.length === 0) {
      process.nextTick(() => {
        this.#socket.write(Buffer.concat(this.#unsent));
        this.#unsent = [];
      });
    }
    this.#unsent.push(...frames);
  }

  #read(chunk: Buffer): void {
    this.#refill(chunk.length);
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (bytes.length >= FRAME_HEAD) {
      const end = FRAME_HEAD + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      const [type, flags] = [bytes[3] as number, bytes[4] as number];
      this.#take({ type, flags, id: bytes.readUInt32BE(5), payload: bytes.subarray(FRAME_HEAD, end) });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }

  #take({ type, flags, id, payload }: { type: number; flags: number; id: number; payload: Buffer }): void {
    if (type === PING && !(flags & ACK)) this.#send(frame(PING, ACK, 0, payload));
    if (type === SETTINGS && !(flags & ACK)) this.#send(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    if (type === GOAWAY) this.#fail(new Error('the server sent GOAWAY'));
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    if (type === DATA) waiting.parts.push(payload);
    if (type === RST_STREAM) this.#settle(id, waiting);
    if ((type === DATA || type === HEADERS) && flags & END_STREAM) this.#settle(id, waiting);
  }

  #settle(id: number, { parts, resolve, reject }: Waiting): void {
    this.#waiting.delete(id);
    const body = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    // An error has trailers only.
    if (body.length < 5) reject(new Error('a call was answered by an error'));
    else resolve(body.subarray(5));
  }

  #refill(bytes: number): void {
    this.#received += bytes;
    if (this.#received < MOST_WINDOW / 4) return;
    this.#send(windowUpdate(this.#received));
    this.#received = 0;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Puts gRPC's five bytes (not compressed, length) before a message. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(id, 5);
  payload.copy(bytes, FRAME_HEAD);
  return bytes;
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}

// Indexed fields: POST, http. Literal fields without indexing: the others.
function headerBlock(path: string, authority: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text(authority),
    ...[
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['grpc-timeout', '30S'],
    ].flatMap(([name = '', value = '']) => [Buffer.from([0x00]), text(name), text(value)]),
  ]);
}

function text(value: string): Buffer {
  if (value.length > 126) throw new RangeError(`"${value}" is too long for one byte of length`);
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
