// npm run feed: which change feed the database holds, and another one after a backup was restored.
import { parseArgs } from 'node:util';
import { createLogger, StartupError } from '@rollcall/runtime';
import { createPool, explainDatabaseFault, requireSchema } from '@rollcall/runtime/postgres';
import { findCommandDatabase, DATABASE_VARIABLE as VARIABLE } from '../command-database.ts';
import { createPostgresChangeLog } from '../postgres/postgres-change-log.ts';
import type { ChangeLog } from './change-log.ts';

const MIGRATE = 'npm run migrate';

const HELP = `npm run feed -- show
npm run feed -- renew

show    prints the identity of the change feed: its id, the database cluster, the timeline, the last recovery
renew   begins another feed, after a backup was restored into this database. Within about a second every auth process
        forgets the users in its memory, ends all watches, and refuses every cursor handed out so far; clients forget
        versions and read users as they are now. Harmless at any time: it costs one reading of the users in use.

A promoted standby, a recovery to a point in time, a restart after a crash and a dump in another cluster need no renewal:
the feed shows them by itself. What needs it is a dump that is restored into the cluster that it was taken from.

The database is found by ${VARIABLE}, else it is that of npm start.
`;

const COMMANDS: ReadonlyMap<string, (log: ChangeLog) => Promise<string>> = new Map(
  Object.entries<(log: ChangeLog) => Promise<string>>({
    show: async (log) => `${(await log.bounds()).feed}\n`,
    renew: async (log) => `The change feed is another one from now on: ${await log.renew()}\n`,
  }),
);

async function main(args: readonly string[]): Promise<string> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) return HELP;
  const [name = '', ...rest] = parse(args);
  const command = COMMANDS.get(name);
  if (!command) throw new StartupError(`There is no command "${name}": say show or renew; --help says more`);
  if (rest.length > 0) throw new StartupError(`"${rest[0]}" is one argument too many; --help says more`);
  const address = findCommandDatabase(process.env);
  const logger = createLogger({ service: 'auth', level: 'silent' });
  const pool = createPool({ ...address, maxConnections: 1, statementTimeoutMs: 5000, logger });
  try {
    await requireSchema(pool, { migration: '2026-12-01-feed-line', variable: VARIABLE, migrate: MIGRATE });
    return await command(createPostgresChangeLog(pool));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, VARIABLE, MIGRATE), { cause: error });
  } finally {
    await pool.end();
  }
}

function parse(args: readonly string[]): string[] {
  try {
    return parseArgs({ args: [...args], options: {}, allowPositionals: true }).positionals;
  } catch (error) {
    throw new StartupError(`${(error as Error).message.split('\n', 1)[0]}; --help says more`, {
      cause: error,
    });
  }
}

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
