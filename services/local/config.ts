import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatList, isSameDatabase, readConfig, StartupError } from '@rollcall/runtime';
import { type LocalFlags, readFlags } from './flags.ts';
import {
  DATABASE_VARIABLES,
  LOCAL_SETTINGS,
  type LocalSettings,
  SERVICES,
  type ServiceName,
  settingsOf,
  variablesOf,
} from './settings.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Configuration of `npm start`. */
export interface LocalConfig extends LocalSettings {
  flags: LocalFlags;
  /** Environment of this process, for the processes that it starts. */
  env: NodeJS.ProcessEnv;
  /**
   * Services that use the embedded database, in the order of `SERVICES`. Empty when no Postgres is started.
   */
  embedded: readonly ServiceName[];
}

/**
 * Reads environment and arguments.
 * @throws StartupError with every fault, one line each
 */
export function readLocalConfig(env: NodeJS.ProcessEnv, args: readonly string[]): LocalConfig {
  const faults: string[] = [];
  const flags = collect(faults, () => readFlags(args));
  const settings = collect(faults, () => readConfig(LOCAL_SETTINGS, env));
  if (settings) faults.push(...sharedPorts(settings), ...sharedDatabases(settings));
  if (settings && flags?.reset && embeddedOf(settings).length === 0) {
    faults.push(
      `--reset empties the embedded database only, and ${DATABASE_VARIABLES} name others: unset one, or leave --reset out`,
    );
  }
  if (!settings || !flags || faults.length > 0) throw new StartupError(faults.join('\n'));
  const dataDirectory = resolve(CHECKOUT, settings.dataDirectory);
  return { ...settings, dataDirectory, flags, env, embedded: embeddedOf(settings) };
}

/** A port to listen on, and the variable that sets it. */
export interface LocalPort {
  variable: string;
  port: number;
}

/** All ports that this start listens on. */
export function portsOf(settings: LocalSettings): LocalPort[] {
  return [...servicePortsOf(settings), ...postgresPortOf(settings)];
}

/** The ports of the services. */
export function servicePortsOf(settings: LocalSettings): LocalPort[] {
  return SERVICES.flatMap((service) => {
    const { grpcPort, httpPort } = settingsOf(settings, service);
    const variables = variablesOf(service);
    return [
      { variable: variables.grpcPort, port: grpcPort },
      { variable: variables.httpPort, port: httpPort },
    ];
  });
}

/** The port of the embedded Postgres. Empty when no database is embedded. */
export function postgresPortOf(settings: LocalSettings): LocalPort[] {
  if (embeddedOf(settings).length === 0) return [];
  return [{ variable: LOCAL_SETTINGS.postgresPort.variable, port: settings.postgresPort }];
}

function embeddedOf(settings: LocalSettings): ServiceName[] {
  return SERVICES.filter((service) => settingsOf(settings, service).databaseUrl === undefined);
}

function sharedPorts(settings: LocalSettings): string[] {
  const byPort = Map.groupBy(portsOf(settings), ({ port }) => port);
  return [...byPort].flatMap(([port, users]) => {
    const variables = formatList(users.map(({ variable }) => variable));
    const say = users.length === 2 ? 'both say' : 'all say';
    return users.length > 1 ? [`${variables} ${say} ${port}: give each a port of its own`] : [];
  });
}

function sharedDatabases(settings: LocalSettings): string[] {
  const urls = SERVICES.flatMap((service) => {
    const { databaseUrl: url } = settingsOf(settings, service);
    return url ? [{ variable: variablesOf(service).databaseUrl, url }] : [];
  });
  return urls.flatMap((one, at) =>
    urls
      .slice(at + 1)
      .filter((other) => isSameDatabase(one.url, other.url))
      .map(
        (other) =>
          `${one.variable} and ${other.variable} name the same database: give each service one of its own`,
      ),
  );
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
