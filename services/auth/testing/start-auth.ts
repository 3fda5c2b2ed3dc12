// How every test starts the auth service, in all rooms.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { AuthService as AuthServiceDefinition } from '@rollcall/contract/auth';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { readConfig } from '@rollcall/runtime';
import { makeKey } from '@rollcall/runtime/sealing';
import {
  createTestDatabase,
  type ListeningPorts,
  listeningPorts,
  type MainProcess,
  openTestPool,
  startMain,
  TEST_KEYS,
} from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { AUTH_SETTINGS, type AuthService, createAuthService } from '../index.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Keys of an auth service, as its settings write them. */
export interface Keys {
  readonly encryption: string;
  readonly index: string;
}

/** Keys that a test begins with: those of `startAuth`. */
export const [OLD, OLD_INDEX] = [TEST_KEYS.AUTH_ENCRYPTION_KEYS, TEST_KEYS.AUTH_INDEX_KEYS];

/** Keys that a test changes to. */
export const [NEW, NEW_INDEX] = [makeKey('k2'), makeKey('i2')];

/** How a test starts the auth service. */
export interface StartAuthOptions {
  /** Database with the schema of the auth service. Default: a new one, dropped on disposal. */
  readonly databaseUrl?: string | undefined;
  /** Keys in place of `OLD` and `OLD_INDEX`. */
  readonly keys?: Partial<Keys>;
  /** Settings that win over all others. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the service runs as a process of its own, which can be killed. Default false. */
  readonly asProcess?: boolean;
}

/** An auth service, and clients of it. */
export interface TestAuth extends ListeningPorts, AsyncDisposable {
  readonly databaseUrl: string;
  /** Where it serves gRPC: `127.0.0.1:41234`. */
  readonly address: string;
  /** Where it serves HTTP: `http://127.0.0.1:41235`. */
  readonly baseUrl: string;
  /** The gRPC transport that the clients share. Calls have 15 s. */
  readonly transport: Transport;
  readonly users: Client<typeof UserService>;
  readonly admin: Client<typeof UserAdminService>;
  readonly signIn: Client<typeof AuthServiceDefinition>;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Runs a statement in its database, as the role of the service. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** An auth service in this process. */
export interface TestAuthService extends TestAuth {
  readonly service: AuthService;
}

/** An auth service as a process of its own. Disposal kills it. */
export interface TestAuthProcess extends TestAuth {
  /** Ends the process by SIGKILL. */
  kill(): Promise<void>;
  /** Starts the process again, on the same ports. */
  restart(): Promise<void>;
  /** Ends the process by SIGTERM, and answers everything that it wrote. */
  end(): Promise<string>;
}

/**
 * Starts the auth service on ports that the system chooses.
 * @throws StartupError when the service refuses its settings or its database
 */
export function startAuth(options: StartAuthOptions & { readonly asProcess: true }): Promise<TestAuthProcess>;
export function startAuth(
  options?: StartAuthOptions & { readonly asProcess?: false },
): Promise<TestAuthService>;
export async function startAuth(options: StartAuthOptions = {}): Promise<TestAuth> {
  await using stack = new AsyncDisposableStack();
  const databaseUrl = options.databaseUrl ?? stack.use(await createTestDatabase('auth')).url;
  const env = settingsOf(databaseUrl, options);
  const started = stack.use(options.asProcess ? await startProcess(env) : await startService(env));
  const { grpcPort, httpPort } = started;
  const address = `127.0.0.1:${grpcPort}`;
  const baseUrl = `http://127.0.0.1:${httpPort}`;
  const transport = stack.use(
    createGrpcTransport({ address, defaultTimeoutMs: 15_000, maxReconnectBackoffMs: 100 }),
  );
  const pool = stack.use(openTestPool(databaseUrl, 2));
  const closers = stack.move();
  return {
    ...started,
    databaseUrl,
    address,
    baseUrl,
    transport,
    users: createClient(UserService, transport),
    admin: createClient(UserAdminService, transport),
    signIn: createClient(AuthServiceDefinition, transport),
    metrics: async () => (await fetch(`${baseUrl}/metrics`)).text(),
    query: async (text, values = []) => (await pool.query(text, values)).rows,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function settingsOf(databaseUrl: string, { keys = {}, env }: StartAuthOptions): NodeJS.ProcessEnv {
  return {
    AUTH_DATABASE_URL: databaseUrl,
    AUTH_DATABASE_CONNECTIONS: '5',
    AUTH_ENCRYPTION_KEYS: keys.encryption ?? OLD,
    AUTH_INDEX_KEYS: keys.index ?? OLD_INDEX,
    AUTH_GRPC_PORT: '0',
    AUTH_HTTP_PORT: '0',
    ...env,
  };
}

async function startService(env: NodeJS.ProcessEnv) {
  const service = await createAuthService(readConfig(AUTH_SETTINGS, { LOG_LEVEL: 'silent', ...env }));
  const { grpc, http } = service.servers;
  return {
    service,
    grpcPort: grpc.port,
    httpPort: http.port,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

async function startProcess(env: NodeJS.ProcessEnv) {
  let output = '';
  const spawned = (settings: NodeJS.ProcessEnv): MainProcess => {
    const started = startMain(MAIN, settings);
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: unknown) => (output += String(chunk)));
    return started;
  };
  let child = spawned(env);
  const endBy = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  const ports = await listeningPorts(child);
  const samePorts = { AUTH_GRPC_PORT: String(ports.grpcPort), AUTH_HTTP_PORT: String(ports.httpPort) };
  return {
    grpcPort: ports.grpcPort,
    httpPort: ports.httpPort,
    kill: () => endBy('SIGKILL'),
    restart: async () => {
      child = spawned({ ...env, ...samePorts });
      await listeningPorts(child);
    },
    end: async () => {
      await endBy('SIGTERM');
      return output;
    },
    [Symbol.asyncDispose]: () => endBy('SIGKILL'),
  };
}
