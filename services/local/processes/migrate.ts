import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { databaseAccessSettings, StartupError } from '@rollcall/runtime';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations/main.ts', import.meta.url));

/** Variable for the auth database as the role that owns its tables. */
export const OWNER_VARIABLE = 'AUTH_DATABASE_OWNER_URL';

/** Exit code of `migrations/main.ts` when the database is newer than this checkout. */
const TOO_NEW = 3;

export interface MigrateOptions {
  /** Environment of its process. */
  env: NodeJS.ProcessEnv;
  /** Receives a line when the migration waits. */
  onWait?: ((line: string) => void) | undefined;
  /** Whether a pooler's variables apply. @defaultValue false: `databaseUrl` names the database itself */
  isAsSet?: boolean | undefined;
  /** The auth database as its owner. @defaultValue value of the environment, else `databaseUrl` */
  ownerUrl?: string | undefined;
  /** Data directory of the embedded database. Undefined when a variable names the database. */
  embeddedIn?: string | undefined;
}

/**
 * Migrates a service's database to the schema of this checkout, in a separate process.
 * @param service such as `auth`
 * @param databaseUrl passed in the environment, so that no process list shows it
 * @throws StartupError with the migration's reason
 */
export async function migrate(
  service: string,
  databaseUrl: string,
  { env, ownerUrl, embeddedIn, onWait, isAsSet = false }: MigrateOptions,
): Promise<void> {
  const access = {
    ...(!isAsSet && { ...directAccess(service), [OWNER_VARIABLE]: '' }),
    ...(ownerUrl !== undefined && { [OWNER_VARIABLE]: ownerUrl }),
  };
  const child = spawn(process.execPath, [MIGRATIONS, service], {
    env: { ...env, ...access, [databaseVariable(service)]: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith(`${service}: waits `)) onWait?.(line);
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-16_384);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise;
  if (code === 0) return;
  if (code === TOO_NEW && embeddedIn !== undefined) {
    throw new StartupError(
      `The embedded ${service} database in ${embeddedIn} was made by a newer version of Rollcall: start that one, begin anew with "npm start -- --reset", or set ROLLCALL_DATA_DIR to another directory`,
    );
  }
  throw new StartupError(
    errors.trim() || `The migration of the ${service} database ended with exit code ${code}.`,
  );
}

/**
 * Returns the variable of a service's database.
 * @returns `AUTH_DATABASE_URL` for `auth`
 */
function databaseVariable(service: string): string {
  return `${service.toUpperCase()}_DATABASE_URL`;
}

/** Environment that switches a pooler's variables off. */
export function directAccess(service: string): NodeJS.ProcessEnv {
  const { isPooled, directDatabaseUrl } = accessSettings(service);
  return { [isPooled.variable]: '', [directDatabaseUrl.variable]: '' };
}

/** Returns the variable that names a service's database past a pooler. */
export function directVariable(service: string): string {
  return accessSettings(service).directDatabaseUrl.variable;
}

function accessSettings(service: string) {
  return databaseAccessSettings(service.toUpperCase(), { needsDirect: 'migrations' });
}
