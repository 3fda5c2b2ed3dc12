import {
  databaseAccessSettings,
  databaseUrlSetting,
  formatList,
  isSameDatabase,
  optional,
  readConfig,
  type Secret,
  type Setting,
  StartupError,
} from '@rollcall/runtime';
import { DATABASES, type MigratedDatabase } from './databases.ts';

/** A database to migrate. */
export interface MigrationTarget {
  /** Name of the service, such as `auth`. */
  readonly name: string;
  /** Its `variable` is the one that `url` was read from. */
  readonly database: MigratedDatabase;
  /** URL of the service. */
  readonly url: Secret;
  /** Whether its service goes through a pooler. */
  readonly isPooled: boolean;
  /** URL of the owner of the tables. Undefined when `url` is the owner. */
  readonly ownerUrl: Secret | undefined;
}

const NAMES = formatList(Object.keys(DATABASES), 'or');

/** Text of `npm run migrate -- --help`. */
export const HELP = `npm run migrate [-- NAME ...]   brings databases outside this checkout up to date

NAME      ${NAMES}; none: all whose variables are set
--help    prints this

Each is found by its variable, as postgres://user:password@host:port/database, and belongs to that user:
${Object.entries(DATABASES)
  .map(([name, { variable }]) => `  ${variable.padEnd(22)} the database of the ${name} service`)
  .join('\n')}

Migrations need the database itself. Where that variable leads to a connection pooler, ..._DATABASE_DIRECT_URL names the
database; ..._DATABASE_POOLED=true has it end slow statements by itself, as services behind a pooler need.

AUTH_DATABASE_OWNER_URL leads to the database of the auth service as the role that owns its tables, where that is another one: it
runs the migrations then, and the role of the service gets its rights.

Where a migration seals or opens contact data it needs AUTH_ENCRYPTION_KEYS and AUTH_INDEX_KEYS, as the auth service has them.

\`npm start\` needs none of this: it brings databases up to date by itself, its own and those that the variables name.
`;

/**
 * Reads the databases to migrate.
 * @returns `help` when that was asked for
 * @throws StartupError with every fault, one line each
 */
export function readTargets(args: readonly string[], env: NodeJS.ProcessEnv): MigrationTarget[] | 'help' {
  if (args.includes('--help') || args.includes('-h')) return 'help';
  requireNames(args);
  const names = args.length > 0 ? [...new Set(args)] : namesOfSet(env);
  const databases = names.flatMap((name) => {
    const database = DATABASES[name];
    return database ? [{ name, database }] : [];
  });
  requireVariables(databases, env);
  const readers = databases.map(({ name, database }) => targetSettings(name, database, env));
  const config = readConfig(Object.fromEntries(readers.flatMap(({ settings }) => settings)), env);
  const targets = readers.map(({ toTarget }) => toTarget(config));
  requireDistinct(targets);
  return targets;
}

/**
 * Returns the databases whose variables are set, or all when none is set, so that the fault names every
 * variable.
 */
function namesOfSet(env: NodeJS.ProcessEnv): string[] {
  const names = Object.entries(DATABASES);
  const set = names.filter(([, { variable }]) => usedVariable(variable, env));
  return (set.length > 0 ? set : names).map(([name]) => name);
}

function requireNames(args: readonly string[]): void {
  const faults = args
    .filter((arg) => !Object.hasOwn(DATABASES, arg))
    .map((arg) =>
      arg.startsWith('-')
        ? `npm run migrate does not know "${arg}": it takes ${NAMES}, or none for all; --help says more`
        : `There is no database "${arg}": name ${NAMES}, or none for all`,
    );
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
}

/** Adds the purpose of this command to the fault: most people never need it. */
function requireVariables(
  databases: readonly { database: MigratedDatabase }[],
  env: NodeJS.ProcessEnv,
): void {
  const variables = databases.map(({ database }) => database.variable);
  const missing = variables.filter((variable) => !usedVariable(variable, env));
  if (missing.length === 0) return;
  throw new StartupError(
    `Set ${formatList(missing, 'and')} to postgres://user:password@host:port/database: npm run migrate is for databases outside this checkout, npm start migrates its own`,
  );
}

/** Returns the settings of one database, and a function that maps their values. */
function targetSettings(name: string, database: MigratedDatabase, env: NodeJS.ProcessEnv) {
  const { owner } = database;
  const variable = usedVariable(database.variable, env) ?? database.variable;
  const { isPooled } = accessSettings(database.variable);
  const url = databaseUrlSetting({ variable, doc: `the database of the ${name} service` });
  const settings: [string, Setting<unknown>][] = [
    [variable, url],
    [isPooled.variable, isPooled],
  ];
  if (owner) settings.push([owner.variable, ownerSetting(owner.variable)]);
  const toTarget = (config: Readonly<Record<string, unknown>>): MigrationTarget => ({
    name,
    database: { ...database, variable },
    url: config[variable] as Secret,
    isPooled: config[isPooled.variable] === true,
    ownerUrl: owner && (config[owner.variable] as Secret | undefined),
  });
  return { settings, toTarget };
}

/** Returns the set variable of the two that may name a database, the direct one first. */
function usedVariable(variable: string, env: NodeJS.ProcessEnv): string | undefined {
  const direct = accessSettings(variable).directDatabaseUrl.variable;
  return [direct, variable].find((each) => env[each]?.trim());
}

function accessSettings(variable: string) {
  return databaseAccessSettings(variable.replace('_DATABASE_URL', ''), { needsDirect: 'migrations' });
}

function ownerSetting(variable: string) {
  return optional(
    databaseUrlSetting({ variable, doc: 'the database itself, as the role that owns its tables' }),
  );
}

function requireDistinct(targets: readonly MigrationTarget[]): void {
  for (const [at, one] of targets.entries()) {
    const same = targets.slice(at + 1).find(({ url }) => isSameDatabase(one.url, url));
    if (!same) continue;
    throw new StartupError(
      `${one.database.variable} and ${same.database.variable} name the same database: give each service one of its own`,
    );
  }
}
