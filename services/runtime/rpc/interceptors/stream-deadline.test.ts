import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { UserService, WatchUsersRequestSchema, WatchUsersResponseSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import type { Call } from '../call.ts';
import { implementService } from '../route.ts';
import { startTestServers, type TestServers } from '../servers.test-support.ts';

const ended = (signal: AbortSignal) =>
  signal.aborted ? undefined : once(signal, 'abort').then(() => undefined);

function openWatched() {
  const watchUsers = async function* (_: unknown, call: Call) {
    yield create(WatchUsersResponseSchema, {});
    await ended(call.signal);
  };
  return startTestServers({ routes: (chain) => implementService(UserService, { watchUsers }, chain) });
}

/** Calls without a timer of its own, like a caller whose clock is late, and returns the end of the stream. */
async function watch(test: TestServers, server: 'grpc' | 'http', headers: Record<string, string>) {
  const session = connectHttp2(`http://127.0.0.1:${test.servers[server].port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/rollcall.user.v1.UserService/WatchUsers',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const message = toBinary(WatchUsersRequestSchema, create(WatchUsersRequestSchema, { tenantIds: ['demo'] }));
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  const trailers = once(stream, 'trailers');
  let messages = 0;
  stream.on('data', () => {
    messages += 1;
  });
  const [received] = (await trailers) as [Record<string, string>];
  session.destroy();
  return {
    messages,
    status: received['grpc-status'],
    message: decodeURIComponent(received['grpc-message'] ?? ''),
  };
}

describe.each(['grpc', 'http'] as const)('a stream through the %s port', (server) => {
  it('B10: ends at the deadline of its caller with DEADLINE_EXCEEDED, and is logged and counted once', async () => {
    await using test = await openWatched();
    const end = await watch(test, server, { 'grpc-timeout': '200m' });
    expect(end).toMatchObject({ status: '4', messages: 1 });
    const lines = () => test.log.filter(({ code }) => code !== undefined);
    await expect.poll(lines).toHaveLength(1);
    expect(lines()).toMatchObject([{ code: 'DEADLINE_EXCEEDED', reason: 'DEADLINE_EXCEEDED', msg: 'call' }]);
    const page = await (await fetch(`http://127.0.0.1:${test.servers.http.port}/metrics`)).text();
    expect(page).toMatch(/_count\{[^}]*WatchUsers[^}]*code="DEADLINE_EXCEEDED"[^}]*\} 1/);
  });
});
