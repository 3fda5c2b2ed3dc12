import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcWebTransport,
  createGrpcTransport as createNodeGrpcTransport,
} from '@connectrpc/connect-node';
import { startAuth, type TestAuth } from '@rollcall/auth/testing';
import {
  describeDuplicates,
  describeMerges,
  describeReads,
  describeRecords,
  describeUserService,
  type ReadOutcome,
  type ReadSubject,
  type ServiceSubject,
} from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { createUserClient, type UserClient, type UserLookup } from '@rollcall/user-client';
import { afterAll, beforeAll } from 'vitest';

const stack = new AsyncDisposableStack();
let auth: TestAuth;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('auth'));
  auth = stack.use(await startAuth({ databaseUrl: database.url }));
});

afterAll(() => stack.disposeAsync());

const DOORS: Record<string, () => Transport> = {
  'the gRPC door': () => stack.use(createGrpcTransport({ address: auth.address })),
  'the HTTP door, Connect with JSON over HTTP/1.1': () =>
    createConnectTransport({
      baseUrl: auth.baseUrl,
      httpVersion: '1.1',
      useBinaryFormat: false,
    }),
  'the HTTP door, gRPC-Web over HTTP/1.1': () =>
    createGrpcWebTransport({ baseUrl: auth.baseUrl, httpVersion: '1.1' }),
  'the HTTP door, gRPC over HTTP/2': () => createNodeGrpcTransport({ baseUrl: auth.baseUrl }),
};

for (const [name, openTransport] of Object.entries(DOORS)) {
  let opened: ServiceSubject | undefined;
  const subject = () => {
    opened ??= openSubject(openTransport());
    return opened;
  };
  describeUserService(name, subject);
  describeRecords(name, subject);
  describeMerges(name, subject);
  describeDuplicates(name, subject);
}

function openSubject(transport: Transport): ServiceSubject {
  return { users: createClient(UserService, transport), admin: createClient(UserAdminService, transport) };
}

let cached: { reads: ReadSubject; admin: ServiceSubject['admin'] } | undefined;
describeReads('the cached client', () => {
  const address = auth.address;
  cached ??= {
    reads: readsOverClient(stack.use(createUserClient({ address }))),
    admin: openSubject(stack.use(createGrpcTransport({ address }))).admin,
  };
  return cached;
});

function readsOverClient(client: UserClient): ReadSubject {
  return {
    read: async (id, { tenantId, ...options }) =>
      toOutcome(await client.forTenant(tenantId).lookup(id, options)),
    readMany: async (ids, { tenantId, ...options }) =>
      (await client.forTenant(tenantId).lookupMany(ids, options)).map(toOutcome),
  };
}

function toOutcome(lookup: UserLookup): ReadOutcome {
  if (lookup.outcome === 'unavailable')
    throw new Error('The service was there and the client could not ask it.');
  return lookup.outcome === 'missing' ? { missing: true } : { found: lookup.user };
}
