import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { databaseAccessSettings, StartupError } from '@rollcall/runtime';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations/main.ts', import.meta.url));

/** The variable that leads to the auth service's database as the role that owns its tables. */
export const OWNER_VARIABLE = 'AUTH_DATABASE_OWNER_URL';

/** How `migrations/main.ts` ends where the database is newer than this checkout. */
const TOO_NEW = 3;

/** What a migration needs beside the database. */
export interface MigrateOptions {
  /** What else its process finds in its environment. */
  env: NodeJS.ProcessEnv;
  /** Told, line by line, what the migration waits for. */
  onWait?: ((line: string) => void) | undefined;
  /** Whether the variables of a pooler hold. Default false: `databaseUrl` leads to the database itself. */
  isAsSet?: boolean | undefined;
  /** The database of the auth service by the role that owns it. Default: what the environment says, else `databaseUrl`. */
  ownerUrl?: string | undefined;
  /** The data directory, where the database is the embedded one: no variable of the person's leads to it then. */
  embeddedIn?: string | undefined;
}

/**
 * Brings a service's database to the schema that this checkout knows, in a process of its own.
 * @param service `auth`, `booking`
 * @param databaseUrl of that database, as the service has it; handed over in the environment, where no process list shows it
 * @throws StartupError with the reason that the migration gave
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
 * Name of the variable that leads to a service's database.
 * @returns for `auth`: `AUTH_DATABASE_URL`
 */
function databaseVariable(service: string): string {
  return `${service.toUpperCase()}_DATABASE_URL`;
}

/** What the environment says of a database that no pooler is in front of: nothing. */
export function directAccess(service: string): NodeJS.ProcessEnv {
  const { isPooled, directDatabaseUrl } = accessSettings(service);
  return { [isPooled.variable]: '', [directDatabaseUrl.variable]: '' };
}

/** Name of the variable that leads to a service's database past a pooler. */
export function directVariable(service: string): string {
  return accessSettings(service).directDatabaseUrl.variable;
}

function accessSettings(service: string) {
  return databaseAccessSettings(service.toUpperCase(), { needsDirect: 'migrations' });
}
