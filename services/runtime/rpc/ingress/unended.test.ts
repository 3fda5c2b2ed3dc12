import { describe, expect, it } from 'vitest';
import type { TestServers } from '../servers.test-support.ts';
import { openRawHttp2 } from './raw-http2.test-support.ts';
import {
  beginCall,
  GET_USER,
  openServers,
  readMetric,
  type Sending,
  USER_ID,
  WIRE_PROTOCOLS,
} from './wire-protocols.test-support.ts';

const KIB = 1024;

const held = (test: TestServers) => readMetric(test, 'rollcall_rpc_partial_message_bytes');
const refused = (test: TestServers, bound: string) =>
  readMetric(test, `rollcall_rpc_partial_messages_refused_total{bound="${bound}"`);

describe.each(WIRE_PROTOCOLS)('$name', (protocol) => {
  it('B6: a whole message whose request does not end is refused at its deadline', async () => {
    await using test = await openServers({ ingress: { partialMessages: { timeoutMs: 300 } } });
    using sending = await beginCall(protocol, test);
    await sending.send(protocol.body(3000));
    await sending.answer();
    expect(JSON.stringify(test.log)).toContain('took longer than 300 ms');
    expect(await held(test)).toBe(0);
  });

  it('B6: whole messages of unended requests stay below the memory limit of the process', async () => {
    const bounds = { maxProcessBytes: 64 * KIB };
    await using test = await openServers({ ingress: { partialMessages: bounds } });
    const sendings: Sending[] = [];
    for (let i = 0; i < 20; i++) {
      const sending = await beginCall(protocol, test);
      sendings.push(sending);
      await sending.send(protocol.body(4200));
    }
    await expect.poll(() => refused(test, 'process_bytes'), { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await held(test)).toBeLessThanOrEqual(bounds.maxProcessBytes);
    for (const sending of sendings) sending[Symbol.dispose]();
    await expect.poll(() => held(test)).toBe(0);
  });

  it('B6: a request that ends later than its message is answered', async () => {
    await using test = await openServers();
    using sending = await beginCall(protocol, test);
    await sending.send(protocol.body(4200));
    await expect.poll(() => held(test)).toBeGreaterThan(0);
    await sending.end();
    expect(await sending.answer()).toContain(protocol.path === GET_USER ? USER_ID : '4200 bytes');
    expect(await held(test)).toBe(0);
  });
});

describe.each(['grpc', 'http'] as const)('the %s port', (server) => {
  it('B6: ends a call with more messages than its method takes, and keeps none of them', {
    timeout: 60_000,
  }, async () => {
    await using test = await openServers();
    using raw = await openRawHttp2(test.servers[server].port);
    const id = raw.open({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': GET_USER,
      ':authority': `127.0.0.1:${test.servers[server].port}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const manyEmptyMessages = Buffer.alloc(5_000_000);
    await raw.send(id, manyEmptyMessages);
    await raw.ended(id);
    expect(JSON.stringify(test.log)).toMatch(/MESSAGE_TOO_LARGE|MESSAGE_MALFORMED/);
    await expect.poll(() => held(test)).toBe(0);
  });
});
