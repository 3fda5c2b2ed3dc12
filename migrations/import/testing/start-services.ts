import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, TEST_KEYS } from '@rollcall/runtime/testing';
import { type Program, startProgram } from './child-process.ts';

/** The real auth and booking services, each a process with a database of its own. Disposing ends them. */
export interface StartedServices extends AsyncDisposable {
  /** By environment variable, for the import. */
  readonly addresses: { readonly AUTH_ADDRESS: string; readonly BOOKING_ADDRESS: string };
  /** By service. */
  readonly databaseUrls: { readonly auth: string; readonly booking: string };
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts both services on free ports. */
export async function startServices(): Promise<StartedServices> {
  await using stack = new AsyncDisposableStack();
  const auth = stack.use(await createTestDatabase('auth'));
  const booking = stack.use(await createTestDatabase('booking'));
  const AUTH_ADDRESS = await startService(stack, 'auth', { AUTH_DATABASE_URL: auth.url, ...TEST_KEYS });
  const BOOKING_ADDRESS = await startService(stack, 'booking', {
    BOOKING_DATABASE_URL: booking.url,
    AUTH_ADDRESS,
  });
  const closers = stack.move();
  return {
    addresses: { AUTH_ADDRESS, BOOKING_ADDRESS },
    databaseUrls: { auth: auth.url, booking: booking.url },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

async function startService(
  stack: AsyncDisposableStack,
  name: 'auth' | 'booking',
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const prefix = name.toUpperCase();
  const program = startProgram(`services/${name}/main.ts`, {
    args: [],
    env: { ...env, [`${prefix}_GRPC_PORT`]: '0', [`${prefix}_HTTP_PORT`]: '0', LOG_LEVEL: 'info' },
    cwd: ROOT,
  });
  stack.defer(async () => {
    program.child.kill('SIGTERM');
    await program.ended;
  });
  return `127.0.0.1:${await portOf(program, name)}`;
}

/** The service's first line of log says where it listens. */
async function portOf({ child, ended }: Program, name: string): Promise<number> {
  if (!child.stdout) throw new Error('the output of a service is not read');
  for await (const line of createInterface({ input: child.stdout })) {
    const { grpcPort } = JSON.parse(line) as { grpcPort?: number };
    if (grpcPort) return grpcPort;
  }
  throw new Error(`the ${name} service did not start: ${(await ended).stderr}`);
}
