import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { BookingService, GetBookingResponseSchema } from '@rollcall/contract/booking';
import { UserService } from '@rollcall/contract/user';
import { implementService, startServers } from '@rollcall/runtime/rpc';
import { TEST_SERVER_OPTIONS } from '@rollcall/runtime/testing';
import { createServiceClient } from '@rollcall/transport';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTo } from './testing/access-to.ts';

let opened: AsyncDisposableStack;
/** The request ids that reached the user service; null for a call without an id. */
let received: (string | null)[];
/** Calls a service that looks up the user with this id, under a request id. */
let ask: (id: string, requestId: string) => Promise<unknown>;
let askDirectly: (id: string) => Promise<unknown>;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  received = [];
  const userServer = opened.use(
    await startGrpcTestServer(UserService, {
      batchGetUsers: ({ ids }, { requestHeader }) => {
        received.push(requestHeader.get('x-request-id'));
        return { outcomes: ids.map((id) => ({ id, outcome: { case: 'missing', value: {} } })) };
      },
    }),
  );
  const { client: userClient } = opened.use(await accessTo(userServer.address));
  askDirectly = (id) => userClient.forTenant('acme').lookup(id);
  const servers = opened.use(
    await startServers({
      ...TEST_SERVER_OPTIONS,
      routes: (chain) => implementService(BookingService, { getBooking }, chain),
    }),
  );
  async function getBooking({ id }: { id: string }) {
    await askDirectly(id);
    return create(GetBookingResponseSchema);
  }
  const address = `127.0.0.1:${servers.grpc.port}`;
  const client = opened.use(createServiceClient(BookingService, { address, defaultTimeoutMs: 10_000 }));
  ask = (id, requestId) =>
    client.getBooking({ tenantId: 'acme', id }, { headers: { 'x-request-id': requestId } });
});
afterEach(() => opened.disposeAsync());

describe('a call to the user service', () => {
  it('carries the request id of the call that it serves', async () => {
    await ask(randomUUID(), 'page-1');
    await ask(randomUUID(), 'page-2');
    expect(received).toEqual(['page-1', 'page-2']);
  });

  it('carries no request id outside of a call', async () => {
    await askDirectly(randomUUID());
    expect(received).toEqual([null]);
  });
});
