import { createClient } from '@connectrpc/connect';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createLogger, readConfig, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { makeKey } from '@rollcall/runtime/sealing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { AUTH_SETTINGS, createAuthService } from '../index.ts';

/** Keys to begin with, and keys to change to. */
export const [OLD, NEW, OLD_INDEX, NEW_INDEX] = ['k1', 'k2', 'i1', 'i2'].map(makeKey) as [
  string,
  string,
  string,
  string,
];

/** The keys that an auth service is started with. */
export interface Keys {
  readonly encryption: string;
  readonly index: string;
}

export type Auth = Awaited<ReturnType<typeof startAuth>>;

/** An auth service with these keys, and clients of it. @param env further settings, or other ones */
export async function startAuth(
  url: string,
  { encryption = OLD, index = OLD_INDEX }: Partial<Keys> = {},
  env: NodeJS.ProcessEnv = {},
) {
  await using stack = new AsyncDisposableStack();
  const auth = stack.use(
    await createAuthService(
      readConfig(AUTH_SETTINGS, {
        AUTH_DATABASE_URL: url,
        AUTH_ENCRYPTION_KEYS: encryption,
        AUTH_INDEX_KEYS: index,
        AUTH_GRPC_PORT: '0',
        AUTH_HTTP_PORT: '0',
        AUTH_DATABASE_CONNECTIONS: '3',
        LOG_LEVEL: 'silent',
        ...env,
      }),
    ),
  );
  const transport = stack.use(
    createGrpcTransport({ address: `127.0.0.1:${auth.servers.grpc.port}`, defaultTimeoutMs: 15_000 }),
  );
  const closers = stack.move();
  return {
    users: createClient(UserService, transport),
    admin: createClient(UserAdminService, transport),
    metrics: async () => (await fetch(`http://127.0.0.1:${auth.servers.http.port}/metrics`)).text(),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

/** A database of this test alone, to look into and to change as its owner. */
export async function openDatabase() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const pool = stack.adopt(
    createPool({
      url: new Secret(database.ownerUrl),
      maxConnections: 1,
      statementTimeoutMs: 5000,
      logger: createLogger({ service: 'test', level: 'silent' }),
    }),
    (each) => each.end(),
  );
  const closers = stack.move();
  return {
    url: database.url,
    query: async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
