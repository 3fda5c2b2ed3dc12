import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { GetUserRequestSchema, GetUserResponseSchema, UserService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserClient } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { describe, expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';

const CALLERS = 8;
const LOAD_MS = 1000;
const NOT_TAKEN = /^Stream refused by server|ECONNREFUSED|No connection established/;

describe('an auth service that is told to end under load', () => {
  it('loses no call of a client that retries, in a restart after the other', {
    timeout: 90_000,
  }, async () => {
    await using database = await createTestDatabase('auth');
    const env = { AUTH_DATABASE_URL: database.url };
    await using stack = new AsyncDisposableStack();
    const stays = stack.use(await startService('auth', env));
    let other = await startService('auth', env);
    const restart = async () => {
      const ports = { AUTH_GRPC_PORT: String(other.grpcPort), AUTH_HTTP_PORT: String(other.httpPort) };
      expect(await other.kill('SIGTERM')).toBe(0);
      other = await startService('auth', { ...env, ...ports });
    };
    const { tenantId, id } = await seed(stays);
    const address = `127.0.0.1:${stays.grpcPort},127.0.0.1:${other.grpcPort}`;
    await using users = createUserClient({ address, tenantId, ttlMs: 0, liveTtlMs: 0, timeoutMs: 10_000 });
    const seen = await callDuring(
      async () => {
        const lookup = await users.lookup(id);
        return lookup.outcome === 'found' && lookup.source === 'service' ? 'answered' : lookup.outcome;
      },
      async () => {
        await restart();
        await restart();
      },
    );
    stack.defer(() => other[Symbol.asyncDispose]());
    expect(Object.keys(seen)).toEqual(['answered']);
  });

  it('fails no call that it has taken, even of a client that never retries', {
    timeout: 90_000,
  }, async () => {
    await using database = await createTestDatabase('auth');
    const auth = await startService('auth', { AUTH_DATABASE_URL: database.url });
    const { tenantId, id } = await seed(auth);
    const client = new Client(`127.0.0.1:${auth.grpcPort}`, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
    });
    let isGone = false;
    const seen = await callDuring(
      async () => {
        const error = await getUser(client, tenantId, id);
        // Refused by name, or nobody listens any more: in either case the service has not seen the call.
        return error?.code === status.UNAVAILABLE && NOT_TAKEN.test(error.details)
          ? 'not taken'
          : (error?.details ?? 'answered');
      },
      async () => {
        expect(await auth.kill('SIGTERM')).toBe(0);
        isGone = true;
      },
    );
    client.close();
    expect(isGone).toBe(true);
    expect(seen.answered).toBeGreaterThan(0);
    expect(Object.keys(seen).filter((what) => what !== 'not taken')).toEqual(['answered']);
  });
});

async function seed({ grpcPort }: ServiceProcess): Promise<{ tenantId: string; id: string }> {
  using admin = createUserAdminClient({ address: `127.0.0.1:${grpcPort}` });
  const tenantId = freshTenant();
  const { id } = await seedUser({ admin }, tenantId);
  return { tenantId, id };
}

/** How often each outcome came, while `faults` went on and some time before and after. */
async function callDuring(
  call: () => Promise<string>,
  faults: () => Promise<void>,
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const what = await call().catch(String);
      seen[what] = (seen[what] ?? 0) + 1;
      if (what !== 'answered') await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  const wait = () => new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  try {
    await wait();
    await faults();
    await wait();
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  return seen;
}

function getUser(client: Client, tenantId: string, id: string): Promise<ServiceError | null> {
  const request = create(GetUserRequestSchema, { tenantId, id });
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      `/${UserService.typeName}/GetUser`,
      (message: typeof request) => Buffer.from(toBinary(GetUserRequestSchema, message)),
      (bytes: Buffer) => fromBinary(GetUserResponseSchema, bytes),
      request,
      { deadline: Date.now() + 10_000 },
      (error) => resolve(error),
    );
  });
}
