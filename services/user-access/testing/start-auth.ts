import { randomUUID } from 'node:crypto';
import { Code, type ConnectError } from '@connectrpc/connect';
import { startAuth as startAuthService } from '@rollcall/auth/testing';
import { UserService } from '@rollcall/contract/user';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';

/** The auth service in a process of its own, which a test can kill and start again. */
export interface AuthUnderTest extends AsyncDisposable {
  /** Where it serves gRPC: `127.0.0.1:41234`. */
  readonly address: string;
  readonly admin: UserAdminClient;
  /** Asks the service every time: it keeps no users. */
  readonly users: ServiceClient<typeof UserService>;
  /** Ends the process by SIGKILL. */
  kill(): Promise<void>;
  /** Starts the process again on the same ports, and waits until the clients have a connection. */
  start(): Promise<void>;
  /** Makes a user and answers the id. */
  createUser(tenantId: string): Promise<string>;
  /** Runs a statement in its database. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Starts the auth service as a process, with a database of its own. */
export async function startAuth(): Promise<AuthUnderTest> {
  const auth = await startAuthService({ asProcess: true, env: { AUTH_DATABASE_CONNECTIONS: '10' } });
  // One connection for both clients: two would not be back at the same moment.
  const { transport } = auth;
  const admin = createUserAdminClient({ transport });
  const users = createServiceClient(UserService, { transport });
  return {
    address: auth.address,
    admin,
    users,
    kill: auth.kill,
    start: async () => {
      await auth.restart();
      await connected(users);
    },
    createUser: async (tenantId) => {
      const user = { displayName: 'Ana', email: `${randomUUID()}@example.org` };
      const response = await admin.createUser({ tenantId, user, requestId: randomUUID() });
      return response.user?.id ?? '';
    },
    sql: auth.query,
    [Symbol.asyncDispose]: () => auth[Symbol.asyncDispose](),
  };
}

async function connected(users: AuthUnderTest['users']): Promise<void> {
  const ask = () =>
    users.getUser({ tenantId: 'nobody', id: randomUUID() }).then(
      () => Code.NotFound,
      (error: ConnectError) => error.code,
    );
  while ((await ask()) !== Code.NotFound) await new Promise((resolve) => setTimeout(resolve, 50));
}
