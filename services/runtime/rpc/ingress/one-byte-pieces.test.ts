import { describe, expect, it } from 'vitest';
import type { TestServers } from '../servers.test-support.ts';
import { GrowingBuffer, MessageAssembler } from './message-assembler.ts';
import { openRawHttp2 } from './raw-http2.test-support.ts';
import {
  beginCall,
  GET_USER,
  openServers,
  USER_ID,
  WIRE_PROTOCOLS,
  type WireProtocol,
} from './wire-protocols.test-support.ts';

const BYTES = 20_000;

async function call(protocol: WireProtocol, test: TestServers, bytes: number): Promise<string> {
  using sending = await beginCall(protocol, test);
  await sending.send(protocol.body(bytes), 1);
  await sending.end();
  return await sending.answer();
}

/** The least of three measurements, because the process does other work too. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    all.push((user + system) / 1000);
  }
  return Math.min(...all);
}

describe.each(WIRE_PROTOCOLS)('$name', (protocol) => {
  it('B2: a message in one-byte pieces is answered like any other', async () => {
    await using test = await openServers();
    const answer = await call(protocol, test, 300);
    expect(answer).toContain(protocol.path === GET_USER ? USER_ID : 'bytes');
  });

  it('B2: four times the one-byte pieces cost about four times as much, not sixteen', {
    timeout: 60_000,
  }, async () => {
    await using test = await openServers();
    const once = await cpuMs(() => call(protocol, test, BYTES));
    const fourTimes = await cpuMs(() => call(protocol, test, 4 * BYTES));
    expect(fourTimes / once).toBeLessThan(10);
  });
});

describe('the memory of a message', () => {
  it('B2: copies each byte twice at most on average, however small its pieces', () => {
    const buffer = new GrowingBuffer();
    let copied = 0;
    for (let i = 0; i < 1_000_000; i++) {
      const before = buffer.capacity;
      buffer.append(Buffer.from([i & 0xff]));
      copied += buffer.capacity === before ? 1 : buffer.length;
    }
    expect(copied).toBeLessThan(3_000_000);
    expect(buffer.bytes.every((byte, i) => byte === (i & 0xff))).toBe(true);
  });

  it('B2: assembles messages wherever their pieces are cut', () => {
    const lengths = [0, 1, 7, 300, 0, 5000, 2];
    const sent = lengths.map((length) => {
      const message = Buffer.alloc(5 + length, length);
      message.writeUIntBE(length, 0, 5);
      return message;
    });
    const all = Buffer.concat(sent);
    for (const size of [1, 2, 3, 4, 5, 6, 11, 306, 1000, all.length]) {
      const assembler = new MessageAssembler(5000);
      const got: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) got.push(...assembler.push(all.subarray(at, at + size)));
      expect(got).toEqual(sent);
      expect(assembler.heldBytes).toBe(0);
    }
  });
});

describe.each(['grpc', 'http'] as const)('the %s port', (server) => {
  const open = async (test: TestServers) => {
    const { port } = test.servers[server];
    const raw = await openRawHttp2(port);
    const headers = {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': GET_USER,
      ':authority': `127.0.0.1:${port}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    return { raw, headers };
  };
  const serves = async (test: TestServers) => {
    const protocol = WIRE_PROTOCOLS.find(
      (each) => each.server === server && each.contentType === 'application/grpc',
    );
    expect(await call(protocol as WireProtocol, test, 300)).toContain(USER_ID);
  };

  it('B2: ends a connection that floods it with empty frames', async () => {
    await using test = await openServers();
    const { raw, headers } = await open(test);
    const streamId = raw.open(headers);
    for (let i = 0; i < 5000; i++) raw.write({ type: 0, streamId });
    await expect
      .poll(() => raw.socket.destroyed || raw.frames.some(({ type }) => type === 7), { timeout: 10_000 })
      .toBe(true);
    await serves(test);
    raw[Symbol.dispose]();
  });

  it('B2: ends a connection that floods it with continued headers', async () => {
    await using test = await openServers();
    const { raw } = await open(test);
    raw.write({ type: 1, streamId: 1, payload: Buffer.from([0]) });
    for (let i = 0; i < 1000; i++) raw.write({ type: 9, streamId: 1, payload: Buffer.alloc(0) });
    await expect
      .poll(() => raw.socket.destroyed || raw.frames.some(({ type }) => type === 7), { timeout: 10_000 })
      .toBe(true);
    await serves(test);
    raw[Symbol.dispose]();
  });
});
