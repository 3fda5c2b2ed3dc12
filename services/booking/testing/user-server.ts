import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Code } from '@connectrpc/connect';
import { ConnectError } from '@connectrpc/connect';
import { type BatchGetUsersRequest, type UserSchema, UserService, UserState } from '@rollcall/contract/user';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';

/** A user service on a socket of loopback, whose users and troubles a test chooses. Disposing it ends it. */
export interface UserServer extends AsyncDisposable {
  readonly address: string;
  /** Every request that arrived, in order. */
  readonly requests: readonly BatchGetUsersRequest[];
  /** Adds or replaces a user of a tenant; ACTIVE, version 1 and named after the id where `init` does not say. */
  put(tenantId: string, id: string, init?: MessageInitShape<typeof UserSchema>): void;
  /** Forgets a user. */
  remove(tenantId: string, id: string): void;
  /** From now on calls arrive and nothing ever comes back. */
  fallSilent(): void;
  /** From now on every call is refused with this code. */
  refuse(code: Code): void;
  /** Ends all connections at once and listens no more, as a killed process does. */
  kill(): void;
  /** Listens again where it did, in good health. */
  revive(): Promise<void>;
}

/** Starts a user service without users. */
export async function startUserServer(): Promise<UserServer> {
  const users = new Map<string, MessageInitShape<typeof UserSchema>>();
  const requests: BatchGetUsersRequest[] = [];
  let trouble: (() => Promise<never>) | undefined;

  const handlers = {
    batchGetUsers: async (request: BatchGetUsersRequest) => {
      requests.push(request);
      await trouble?.();
      return { outcomes: request.ids.map((id) => ({ id, outcome: outcomeOf(`${request.tenantId}/${id}`) })) };
    },
  };
  const outcomeOf = (key: string) => {
    const user = users.get(key);
    return user ? { case: 'user' as const, value: user } : { case: 'missing' as const, value: {} };
  };
  let server: GrpcTestServer = await startGrpcTestServer(UserService, handlers);
  const { address, port } = server;
  return {
    address,
    requests,
    put: (tenantId, id, init = {}) =>
      void users.set(`${tenantId}/${id}`, {
        tenantId,
        id,
        version: 1n,
        state: UserState.ACTIVE,
        displayName: `Guest ${id.slice(-4)}`,
        ...init,
      }),
    remove: (tenantId, id) => void users.delete(`${tenantId}/${id}`),
    fallSilent: () => {
      trouble = () => new Promise(() => {});
    },
    refuse: (code) => {
      trouble = async () => {
        throw new ConnectError('refused by the test', code);
      };
    },
    kill: () => server.kill(),
    revive: async () => {
      server.kill();
      trouble = undefined;
      server = await startGrpcTestServer(UserService, handlers, { port });
    },
    [Symbol.asyncDispose]: async () => server.kill(),
  };
}
