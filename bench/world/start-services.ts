import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeKey } from '@rollcall/runtime/sealing';

/** A service process. Disposing ends it with SIGTERM. */
export interface ServiceProcess extends AsyncDisposable {
  /** gRPC address, such as `127.0.0.1:41234`. */
  readonly address: string;
  /** HTTP port. 0 when it serves no HTTP. */
  readonly httpPort: number;
  /** Ends it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

/** Keys of all processes of one run, which share one database. */
export const KEYS = { AUTH_ENCRYPTION_KEYS: makeKey('k1'), AUTH_INDEX_KEYS: makeKey('i1') };

const MAIN = fileURLToPath(new URL('../../services/auth/main.ts', import.meta.url));
const BOOKING = fileURLToPath(new URL('../../services/booking/main.ts', import.meta.url));
const BILLING = fileURLToPath(new URL('../../services/billing/main.ts', import.meta.url));

/** Starts the auth service on free ports. @param env further settings */
export function startAuth(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return startProcess(MAIN, {
    env: {
      AUTH_DATABASE_URL: databaseUrl,
      ...KEYS,
      AUTH_HOST: '127.0.0.1',
      AUTH_GRPC_PORT: '0',
      AUTH_HTTP_PORT: '0',
      LOG_LEVEL: 'info',
      // Long, so that no call fails because the machine is busy.
      AUTH_DATABASE_WAIT_MS: '10000',
      ...env,
    },
  });
}

/** Starts the booking service on free ports. */
export function startBooking(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return startProcess(BOOKING, {
    env: { BOOKING_DATABASE_URL: databaseUrl, BOOKING_GRPC_PORT: '0', BOOKING_HTTP_PORT: '0', ...env },
  });
}

/** Starts the billing service on free ports. It calls no other service until a call needs users. */
export function startBilling(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return startProcess(BILLING, {
    env: { BILLING_DATABASE_URL: databaseUrl, BILLING_GRPC_PORT: '0', BILLING_HTTP_PORT: '0', ...env },
  });
}

/** Starts a script that logs its port as the services do. It ends when this process ends. */
export async function startProcess(
  script: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<ServiceProcess> {
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

// `BENCH_SERVICE_OPTIONS=--cpu-prof` profiles the services.
function nodeOptions(): string[] {
  return process.env.BENCH_SERVICE_OPTIONS?.split(' ').filter(Boolean) ?? [];
}

/**
 * Waits for the log line with the ports, of each worker. It reads on afterwards, because a full pipe would
 * stop the service.
 */
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
