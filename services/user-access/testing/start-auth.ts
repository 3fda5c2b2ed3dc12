import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Code, type ConnectError } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import {
  COMPILE_CACHE,
  createTestDatabase,
  listeningPorts,
  openTestPool,
  TEST_KEYS,
} from '@rollcall/runtime/testing';
import { createGrpcTransport, createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';

// A path and not an import, because user-access may not import a service.
const AUTH_MAIN = fileURLToPath(new URL('../../auth/main.ts', import.meta.url));

/** The real auth service in its own process, which a test can kill and start again. */
export interface AuthUnderTest extends AsyncDisposable {
  readonly address: string;
  readonly admin: UserAdminClient;
  /** A client without a cache. */
  readonly users: ServiceClient<typeof UserService>;
  /** Ends the process by SIGKILL. */
  kill(): Promise<void>;
  /** Starts the process again on the same port. */
  start(): Promise<void>;
  /** Creates a user and returns the id. */
  createUser(tenantId: string): Promise<string>;
  /** Runs a statement in the database of the service. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Starts the auth service with its own database. */
export async function startAuth(): Promise<AuthUnderTest> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const pool = stack.use(openTestPool(database.url));
  let child = spawnAuth(database.url, 0);
  stack.defer(() => killed(child));
  const { grpcPort } = await listeningPorts(child);
  const address = `127.0.0.1:${grpcPort}`;
  // One connection for both clients, so that both reconnect at the same moment.
  const transport = stack.use(
    createGrpcTransport({ address, defaultTimeoutMs: 10_000, maxReconnectBackoffMs: 100 }),
  );
  const admin = createUserAdminClient({ transport });
  const users = createServiceClient(UserService, { transport });
  const closers = stack.move();
  return {
    address,
    admin,
    users,
    kill: () => killed(child),
    start: async () => {
      child = spawnAuth(database.url, grpcPort);
      await listeningPorts(child);
      await answers(users);
    },
    createUser: async (tenantId) => {
      const user = { displayName: 'Ana', email: `${randomUUID()}@example.org` };
      const response = await admin.createUser({ tenantId, user, requestId: randomUUID() });
      return response.user?.id ?? '';
    },
    sql: async (statement, values = []) => (await pool.query(statement, values)).rows,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function spawnAuth(databaseUrl: string, grpcPort: number): ChildProcess {
  const env = { AUTH_DATABASE_URL: databaseUrl, AUTH_GRPC_PORT: String(grpcPort), AUTH_HTTP_PORT: '0' };
  return spawn(process.execPath, [AUTH_MAIN], {
    env: { ...TEST_KEYS, ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Waits until the clients are connected again. */
async function answers(users: AuthUnderTest['users']): Promise<void> {
  const ask = () =>
    users.getUser({ tenantId: 'nobody', id: randomUUID() }).then(
      () => Code.NotFound,
      (error: ConnectError) => error.code,
    );
  while ((await ask()) !== Code.NotFound) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
