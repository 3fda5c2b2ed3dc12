import {
  databaseUrlSetting,
  namesSameDatabase,
  readConfig,
  type Secret,
  StartupError,
} from '@rollcall/runtime';
import { DATABASES, type MigratedDatabase } from './databases.ts';

/** A database to bring up to date. */
export interface MigrationTarget {
  /** Of the service: `auth`. */
  readonly name: string;
  readonly database: MigratedDatabase;
  readonly url: Secret;
}

const inWords = (words: readonly string[], word: 'and' | 'or') =>
  [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(` ${word} `);

const NAMES = inWords(Object.keys(DATABASES), 'or');

/** What --help prints. */
export const HELP = `npm run migrate [-- NAME ...]   brings databases outside this checkout up to date

NAME      ${NAMES}; none: all whose variables are set
--help    prints this

Each is found by its variable, as postgres://user:password@host:port/database, and belongs to that user:
${Object.entries(DATABASES)
  .map(([name, { variable }]) => `  ${variable.padEnd(22)} the database of the ${name} service`)
  .join('\n')}

Where a migration seals or opens contact data it needs AUTH_ENCRYPTION_KEYS and AUTH_INDEX_KEYS, as the auth service has them.

\`npm start\` needs none of this: it brings databases up to date by itself, its own and those that the variables name.
`;

/**
 * Reads what to migrate; 'help' where that was asked for.
 * @throws StartupError naming every fault at once, one line each
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
  const urls = readConfig(
    Object.fromEntries(databases.map(({ name, database }) => [name, settingOf(name, database)])),
    env,
  );
  const targets = databases.flatMap(({ name, database }) => {
    const url = urls[name];
    return url ? [{ name, database, url }] : [];
  });
  requireDistinct(targets);
  return targets;
}

/** Databases whose variables are set; all of them where none is, so that whoever is told what is missing hears of each. */
function namesOfSet(env: NodeJS.ProcessEnv): string[] {
  const names = Object.entries(DATABASES);
  const set = names.filter(([, { variable }]) => env[variable]?.trim());
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

/** Who is told that a variable is missing is told, once, what this is for: most need it never. */
function requireVariables(databases: readonly Omit<MigrationTarget, 'url'>[], env: NodeJS.ProcessEnv): void {
  const missing = databases.map(({ database }) => database.variable).filter((name) => !env[name]?.trim());
  if (missing.length === 0) return;
  throw new StartupError(
    `Set ${inWords(missing, 'and')} to postgres://user:password@host:port/database: npm run migrate is for databases outside this checkout, npm start migrates its own`,
  );
}

function settingOf(name: string, { variable }: MigratedDatabase) {
  return databaseUrlSetting({ variable, doc: `the database of the ${name} service` });
}

function requireDistinct(targets: readonly MigrationTarget[]): void {
  for (const [at, one] of targets.entries()) {
    const same = targets.slice(at + 1).find(({ url }) => namesSameDatabase(one.url, url));
    if (!same) continue;
    throw new StartupError(
      `${one.database.variable} and ${same.database.variable} name the same database: give each service one of its own`,
    );
  }
}
