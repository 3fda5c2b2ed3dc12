import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { TestServers } from '../servers.test-support.ts';
import { DecompressionQueue } from './decompression.ts';
import { AwaitedMessage, PartialMessages } from './partial-messages.ts';
import { openRawHttp2, type RawHttp2 } from './raw-http2.test-support.ts';
import {
  beginCall,
  GET_USER,
  openServers,
  readMetric,
  type Sending,
  USER_ID,
  WIRE_PROTOCOLS,
} from './wire-protocols.test-support.ts';

const MIB = 1024 * 1024;

const held = (test: TestServers) => readMetric(test, 'rollcall_rpc_partial_message_bytes');
const refused = (test: TestServers, bound: string) =>
  readMetric(test, `rollcall_rpc_partial_messages_refused_total{bound="${bound}"`);

describe.each(WIRE_PROTOCOLS)('$name', (protocol) => {
  const callOnce = async (test: TestServers) => {
    using sending = await beginCall(protocol, test);
    await sending.send(protocol.body(300));
    await sending.end();
    return await sending.answer();
  };

  it.each([
    ['nothing', 0],
    ['half', 10_000],
  ])(
    'B6: a message of which %s arrives is refused at its deadline, and its memory is freed',
    async (_, sent) => {
      await using test = await openServers({ ingress: { partialMessages: { timeoutMs: 300 } } });
      using sending = await beginCall(protocol, test);
      await sending.send(protocol.body(20_000).subarray(0, sent));
      await sending.answer();
      expect(JSON.stringify(test.log)).toContain('took longer than 300 ms');
      expect(await held(test)).toBe(0);
      expect(await refused(test, 'timeout')).toBe(1);
      expect(await callOnce(test)).toContain(protocol.path === GET_USER ? USER_ID : '300 bytes');
    },
  );

  it('B6: a message that trickles is refused at its deadline', async () => {
    await using test = await openServers({ ingress: { partialMessages: { timeoutMs: 300 } } });
    using sending = await beginCall(protocol, test);
    let isOver = false;
    const answered = sending.answer().finally(() => {
      isOver = true;
    });
    for (const byte of protocol.body(20_000)) {
      if (isOver) break;
      await sending.send(Buffer.from([byte]));
      await sleep(20);
    }
    await answered;
    expect(JSON.stringify(test.log)).toContain('took longer than 300 ms');
  });

  it('B6: half-sent messages of many connections stay below the limit of the process, and other calls are served', async () => {
    await using test = await openServers({ ingress: { partialMessages: { maxProcessBytes: MIB } } });
    const half = protocol.body(400_000).subarray(0, 200_000);
    const sendings: Sending[] = [];
    for (let i = 0; i < 10; i++) {
      const sending = await beginCall(protocol, test);
      sendings.push(sending);
      void sending.send(half);
      expect(await held(test)).toBeLessThanOrEqual(MIB);
    }
    await expect.poll(() => refused(test, 'process_bytes'), { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await held(test)).toBeLessThanOrEqual(MIB);
    expect(await callOnce(test)).toContain(protocol.path === GET_USER ? USER_ID : '300 bytes');
    for (const sending of sendings) sending[Symbol.dispose]();
    await expect.poll(() => held(test)).toBe(0);
  });
});

describe.each(['grpc', 'http'] as const)('one HTTP/2 connection to the %s port', (server) => {
  const headers = (test: TestServers, path = GET_USER) => ({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': `127.0.0.1:${test.servers[server].port}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const prefix = (length: number, flags = 0) => {
    const bytes = Buffer.alloc(5);
    bytes[0] = flags;
    bytes.writeUInt32BE(length, 1);
    return bytes;
  };

  async function halfSend(raw: RawHttp2, test: TestServers, count: number): Promise<void> {
    const half = Buffer.concat([prefix(500_000), Buffer.alloc(200_000)]);
    await Promise.all(Array.from({ length: count }, () => raw.send(raw.open(headers(test)), half)));
  }

  it('B6: 90 half-sent messages stay below the limit of the connection, and other calls are served', {
    timeout: 60_000,
  }, async () => {
    await using test = await openServers({ ingress: { partialMessages: { maxConnectionBytes: 4 * MIB } } });
    using raw = await openRawHttp2(test.servers[server].port);
    await halfSend(raw, test, 90);
    expect(await refused(test, 'connection_bytes')).toBeGreaterThan(0);
    expect(await held(test)).toBeLessThanOrEqual(4 * MIB);
    using other = await beginCall(WIRE_PROTOCOLS.find((each) => each.server === server) as never, test);
    await other.send(WIRE_PROTOCOLS[0]?.body(300) as Buffer);
    await other.end();
    expect(await other.answer()).toMatch(server === 'grpc' ? USER_ID : /HTTP\/1.1/);
    raw[Symbol.dispose]();
    await expect.poll(() => held(test)).toBe(0);
  });

  it('B6: headers without a message are awaited in a limited number', async () => {
    await using test = await openServers({ ingress: { partialMessages: { maxAwaited: 20 } } });
    using raw = await openRawHttp2(test.servers[server].port);
    const ids = Array.from({ length: 50 }, () => raw.open(headers(test)));
    await raw.ended(ids[29] as number);
    expect(await refused(test, 'awaited')).toBe(30);
  });

  it('B6: the body of an unknown method is not kept', async () => {
    await using test = await openServers();
    using raw = await openRawHttp2(test.servers[server].port);
    const id = raw.open(headers(test, '/no.such.Service/Method'));
    await raw.ended(id);
    await raw.send(id, Buffer.alloc(100_000));
    expect(await held(test)).toBe(0);
    await expect
      .poll(() => raw.frames.some(({ type, streamId }) => type === 3 && streamId === id))
      .toBe(true);
  });

  it('B6: messages that grow when they are decompressed are decompressed a few at once', {
    timeout: 60_000,
  }, async () => {
    await using test = await openServers();
    using raw = await openRawHttp2(test.servers[server].port);
    const bomb = gzipSync(Buffer.alloc(4 * MIB));
    const ids = Array.from({ length: 40 }, () => raw.open({ ...headers(test), 'grpc-encoding': 'gzip' }));
    await Promise.all(
      ids.map((id) => raw.send(id, Buffer.concat([prefix(bomb.length, 1), bomb]), { end: true })),
    );
    for (const id of ids) await raw.ended(id);
    expect(ids).toHaveLength(40);
  });
});

describe('the HTTP port', () => {
  it.each([
    ['first bytes', '', 'PRI * HTTP/'],
    ['HTTP/1.1 headers', 'POST / HTTP/1.1\r\nhost: localhost\r\n', 'x-more: '.padEnd(200, 'y')],
  ])('B6: a connection whose %s trickle is closed', async (_, first, rest) => {
    await using test = await openServers({ ingress: { headersTimeoutMs: 300 } });
    const socket = connect(test.servers.http.port, '127.0.0.1').setNoDelay();
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(first);
    for (let i = 0; !socket.closed; i++) {
      if (socket.writable) socket.write(rest[i % rest.length] as string);
      await sleep(50);
      // Only half a preface may be sent before the protocol is known.
      if (first === '' && i === rest.length - 1) await once(socket, 'close');
    }
    if (first !== '') expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*nosniff/);
  });
});

describe('the memory of messages', () => {
  class Message extends AwaitedMessage {
    readonly hasEnded = false;
    readonly refusals: string[] = [];
    readonly connection: object;

    constructor(connection: object) {
      super();
      this.connection = connection;
    }

    refuse(refusal: string): void {
      this.refusals.push(refusal);
    }
  }

  it('B6: is taken from the connection that holds the most', () => {
    using partial = new PartialMessages({ maxProcessBytes: 100 });
    const small = new Message({});
    const heavy = {};
    const large = [new Message(heavy), new Message(heavy)];
    for (const each of [small, ...large]) partial.expect(each);
    expect(partial.hold(small, 30)).toBe(true);
    expect(large.map((each) => partial.hold(each, 30))).toEqual([true, true]);
    expect(partial.hold(small, 45)).toBe(true);
    expect(large.map(({ refusals }) => refusals)).toEqual([['process_bytes'], ['process_bytes']]);
    expect(small.refusals).toEqual([]);
    expect(partial.bytes).toBe(45);
    partial.forget(small);
    expect([partial.bytes, partial.awaited]).toEqual([0, 0]);
  });

  it('B6: is decompressed eight messages at a time', async () => {
    const queue = new DecompressionQueue();
    let most = 0;
    const work = async () => {
      most = Math.max(most, queue.running);
      await sleep(1);
    };
    await Promise.all(Array.from({ length: 50 }, () => queue.run(work)));
    expect([most, queue.running]).toEqual([8, 0]);
  });
});
