import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConfigOf, namesSameDatabase, readConfig, StartupError } from '@rollcall/runtime';
import { type LocalFlags, readFlags } from './flags.ts';
import { LOCAL_SETTINGS } from './settings.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** What a start of everything needs to know. */
export interface LocalConfig extends ConfigOf<typeof LOCAL_SETTINGS> {
  flags: LocalFlags;
  /** As this process found it, for the processes it starts. */
  env: NodeJS.ProcessEnv;
  /** The services whose database is the embedded one, in order of `DATABASES`; none: no Postgres is started. */
  embedded: readonly ('auth' | 'booking')[];
}

/**
 * Reads environment and arguments.
 * @throws StartupError naming every fault at once, one line each
 */
export function readLocalConfig(env: NodeJS.ProcessEnv, args: readonly string[]): LocalConfig {
  const faults: string[] = [];
  const flags = collect(faults, () => readFlags(args));
  const settings = collect(faults, () => readConfig(LOCAL_SETTINGS, env));
  if (settings) faults.push(...sharedPorts(settings), ...sharedDatabase(settings));
  if (settings && flags?.reset && embeddedOf(settings).length === 0) {
    faults.push(
      '--reset empties the embedded database only, and AUTH_DATABASE_URL and BOOKING_DATABASE_URL name others: unset one, or leave --reset out',
    );
  }
  if (!settings || !flags || faults.length > 0) throw new StartupError(faults.join('\n'));
  const dataDirectory = resolve(CHECKOUT, settings.dataDirectory);
  return { ...settings, dataDirectory, flags, env, embedded: embeddedOf(settings) };
}

/** A port that this start will listen on, and the variable that moves it. */
export interface LocalPort {
  variable: string;
  port: number;
}

/** Every port that this start will listen on. */
export function portsOf(settings: ConfigOf<typeof LOCAL_SETTINGS>): LocalPort[] {
  const ports = [
    { variable: LOCAL_SETTINGS.authGrpcPort.variable, port: settings.authGrpcPort },
    { variable: LOCAL_SETTINGS.authHttpPort.variable, port: settings.authHttpPort },
    { variable: LOCAL_SETTINGS.bookingGrpcPort.variable, port: settings.bookingGrpcPort },
    { variable: LOCAL_SETTINGS.bookingHttpPort.variable, port: settings.bookingHttpPort },
  ];
  if (embeddedOf(settings).length === 0) return ports;
  return [...ports, { variable: LOCAL_SETTINGS.postgresPort.variable, port: settings.postgresPort }];
}

function embeddedOf(settings: ConfigOf<typeof LOCAL_SETTINGS>) {
  const auth = settings.authDatabaseUrl ? [] : (['auth'] as const);
  const booking = settings.bookingDatabaseUrl ? [] : (['booking'] as const);
  return [...auth, ...booking];
}

function sharedPorts(settings: ConfigOf<typeof LOCAL_SETTINGS>): string[] {
  const byPort = Map.groupBy(portsOf(settings), ({ port }) => port);
  return [...byPort].flatMap(([port, users]) => {
    const variables = users.map(({ variable }) => variable).join(' and ');
    return users.length > 1 ? [`${variables} both say ${port}: give each a port of its own`] : [];
  });
}

function sharedDatabase({ authDatabaseUrl, bookingDatabaseUrl }: ConfigOf<typeof LOCAL_SETTINGS>): string[] {
  const isShared =
    authDatabaseUrl && bookingDatabaseUrl && namesSameDatabase(authDatabaseUrl, bookingDatabaseUrl);
  return isShared
    ? ['AUTH_DATABASE_URL and BOOKING_DATABASE_URL name the same database: give each service one of its own']
    : [];
}

function collect<T>(faults: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    faults.push(error.message);
    return undefined;
  }
}
