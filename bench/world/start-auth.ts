import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeKey } from '@rollcall/runtime/sealing';

/** A service as a process of its own. Disposing of it ends it by SIGTERM. */
export interface AuthProcess extends AsyncDisposable {
  /** Where it serves gRPC: `127.0.0.1:41234`. */
  readonly address: string;
  /** Where it serves HTTP, if it does; else 0. */
  readonly httpPort: number;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

/** The same for all processes of one run: they work on one database. */
export const KEYS = { AUTH_ENCRYPTION_KEYS: makeKey('k1'), AUTH_INDEX_KEYS: makeKey('i1') };

const MAIN = fileURLToPath(new URL('../../services/auth/main.ts', import.meta.url));
const BOOKING = fileURLToPath(new URL('../../services/booking/main.ts', import.meta.url));
const BILLING = fileURLToPath(new URL('../../services/billing/main.ts', import.meta.url));

/** Starts the auth service on ports of the system's choice. `env`: further settings of it. */
export function startAuth(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<AuthProcess> {
  return startProcess(MAIN, {
    env: {
      AUTH_DATABASE_URL: databaseUrl,
      ...KEYS,
      AUTH_HOST: '127.0.0.1',
      AUTH_GRPC_PORT: '0',
      AUTH_HTTP_PORT: '0',
      LOG_LEVEL: 'info',
      // Nothing is refused because the machine is busy with something else.
      AUTH_DATABASE_WAIT_MS: '10000',
      ...env,
    },
  });
}

/** Starts the booking service. */
export function startBooking(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<AuthProcess> {
  return startProcess(BOOKING, {
    env: { BOOKING_DATABASE_URL: databaseUrl, BOOKING_GRPC_PORT: '0', BOOKING_HTTP_PORT: '0', ...env },
  });
}

/** Starts the billing service. It needs nobody else until somebody asks for users. */
export function startBilling(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<AuthProcess> {
  return startProcess(BILLING, {
    env: { BILLING_DATABASE_URL: databaseUrl, BILLING_GRPC_PORT: '0', BILLING_HTTP_PORT: '0', ...env },
  });
}

/** Starts a script that tells its port as the services do. It ends with this process, however that ends. */
export async function startProcess(
  script: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<AuthProcess> {
  const child = spawn(process.execPath, [...nodeOptions(), script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    await exited;
  };
  const { grpcPort, httpPort = 0 } = await listening(child, Number(env.AUTH_WORKERS ?? 1));
  return {
    address: `127.0.0.1:${grpcPort}`,
    httpPort,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
}

interface Ports {
  readonly grpcPort: number;
  readonly httpPort?: number;
}

// `BENCH_SERVICE_OPTIONS=--cpu-prof`: to see where time goes in the services.
function nodeOptions(): string[] {
  return process.env.BENCH_SERVICE_OPTIONS?.split(' ').filter(Boolean) ?? [];
}

/** The ports in the log line, of each worker, that says where the service listens. Goes on reading, lest a full pipe stop the service. */
function listening(child: ChildProcess, workers: number): Promise<Ports> {
  const { promise, resolve, reject } = Promise.withResolvers<Ports>();
  let output = '';
  let isListening = false;
  const read = (chunk: unknown) => {
    if (isListening) return;
    output += String(chunk);
    const lines = output.split('\n').filter((each) => each.includes('"grpcPort"') && each.endsWith('}'));
    const [line] = lines;
    if (line === undefined || lines.length < workers) return;
    isListening = true;
    resolve(JSON.parse(line) as Ports);
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  child.once('error', reject);
  child.once('exit', (code) =>
    reject(new Error(`the process ended with ${code} before it listened: ${output}`)),
  );
  return promise;
}
