import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A received HTTP/2 frame: https://www.rfc-editor.org/rfc/rfc9113#section-6 */
interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** An HTTP/2 connection with hand-written frames, because no client splits messages as an attacker does. */
export interface RawHttp2 extends Disposable {
  readonly socket: Socket;
  /** Received frames, without settings, pings and window updates. */
  readonly frames: readonly Frame[];
  /** Opens a stream and returns its id. */
  open(headers: Readonly<Record<string, string>>): number;
  /** Sends bytes in DATA frames of the given size, as the windows of the server allow. */
  send(streamId: number, bytes: Uint8Array, options?: { pieceBytes?: number; end?: boolean }): Promise<void>;
  /** Sends any frame. */
  write(frame: { type: number; flags?: number; streamId?: number; payload?: Uint8Array }): void;
  /** Resolves when the stream was answered to its end, or reset. */
  ended(streamId: number): Promise<void>;
  /** Content of the DATA frames received on a stream, as text. */
  data(streamId: number): string;
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const FIRST_WINDOW = 65_535;

/** Connects to a port of this machine and sends the preface. */
export async function openRawHttp2(port: number): Promise<RawHttp2> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  const frames: Frame[] = [];
  const windows = new Map<number, number>([[0, FIRST_WINDOW]]);
  let wake = Promise.withResolvers<void>();
  const write: RawHttp2['write'] = (frame) => void socket.write(toFrame(frame));
  const take = (frame: Frame) => {
    const { type, flags, streamId, payload } = frame;
    if (type === SETTINGS && !(flags & ACK)) write({ type: SETTINGS, flags: ACK });
    else if (type === PING && !(flags & ACK)) write({ type: PING, flags: ACK, payload });
    else if (type === WINDOW_UPDATE) {
      windows.set(streamId, (windows.get(streamId) ?? FIRST_WINDOW) + payload.readUInt32BE());
    } else frames.push(frame);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  readFrames(socket, take);
  socket.once('close', () => wake.resolve());
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  write({ type: SETTINGS });
  const isOver = (streamId: number) =>
    socket.destroyed ||
    frames.some(
      (each) =>
        each.streamId === streamId &&
        (each.type === RST_STREAM || (each.type <= HEADERS && (each.flags & END_STREAM) !== 0)),
    );
  let lastId = -1;
  return {
    socket,
    frames,
    write,
    open: (headers) => {
      lastId += 2;
      windows.set(lastId, FIRST_WINDOW);
      write({ type: HEADERS, flags: END_HEADERS, streamId: lastId, payload: toHeaderBlock(headers) });
      return lastId;
    },
    async send(streamId, bytes, { pieceBytes = 16_384, end = false } = {}) {
      for (let at = 0; at < bytes.length && !isOver(streamId); ) {
        const room = Math.min(windows.get(0) ?? 0, windows.get(streamId) ?? 0, bytes.length - at);
        if (room === 0) {
          await wake.promise;
          continue;
        }
        const batch: Buffer[] = [];
        const until = at + room;
        for (; at < until; at = Math.min(until, at + pieceBytes))
          batch.push(
            toFrame({ type: DATA, streamId, payload: bytes.subarray(at, Math.min(until, at + pieceBytes)) }),
          );
        for (const id of [0, streamId]) windows.set(id, (windows.get(id) ?? 0) - room);
        if (!socket.write(Buffer.concat(batch)))
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      }
      if (end && !isOver(streamId)) write({ type: DATA, flags: END_STREAM, streamId });
    },
    async ended(streamId) {
      while (!isOver(streamId)) await wake.promise;
    },
    data: (streamId) =>
      Buffer.concat(
        frames.filter((each) => each.type === DATA && each.streamId === streamId).map((each) => each.payload),
      ).toString(),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

function readFrames(socket: Socket, take: (frame: Frame) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const [type = 0, flags = 0] = rest.subarray(3, 5);
      take({ type, flags, streamId: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
  });
}

function toFrame({
  type,
  flags = 0,
  streamId = 0,
  payload = Buffer.alloc(0),
}: Parameters<RawHttp2['write']>[0]): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/**
 * Encodes headers as literal fields without indexing: https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2
 */
function toHeaderBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), toText(name), toText(value)]),
  );
}

function toText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
