// The command `npm run feed`: shows the change feed of the database, and begins another one after a restored
// backup.
import {
  createLogger,
  findCommandDatabase,
  ignoreBrokenPipes,
  readCommand,
  StartupError,
} from '@rollcall/runtime';
import { createPool, explainDatabaseFault, requireSchema } from '@rollcall/runtime/postgres';
import { createPostgresChangeLog } from '../postgres/feed/postgres-change-log.ts';
import type { ChangeLog } from './change-log.ts';

const HELP = `npm run feed -- show
npm run feed -- renew

show    prints the identity of the change feed: its id, the database cluster, the timeline, the last recovery
renew   begins another feed, after a backup was restored into this database. Within about a second every auth process
        forgets the users in its memory, ends all watches, and refuses every cursor handed out so far; clients forget
        versions and read users as they are now. Harmless at any time: it costs one reading of the users in use.

A promoted standby, a recovery to a point in time, a restart after a crash and a dump in another cluster need no renewal:
the feed shows them by itself. What needs it is a dump that is restored into the cluster that it was taken from.

The database is found by AUTH_DATABASE_URL, else it is that of npm start.
`;

const RULES = { options: {}, commands: { show: { options: [] }, renew: { options: [] } } } as const;

const COMMANDS: Readonly<Record<keyof typeof RULES.commands, (log: ChangeLog) => Promise<string>>> = {
  show: async (log) => `${(await log.bounds()).feed}\n`,
  renew: async (log) => `The change feed is another one from now on: ${await log.renew()}\n`,
};

async function main(args: readonly string[]): Promise<string> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) return HELP;
  const { command } = readCommand('npm run feed', args, RULES);
  const { url, isPooled, variable, migrate } = findCommandDatabase(process.env, 'auth');
  const logger = createLogger({ service: 'auth', level: 'silent' });
  const pool = createPool({ url, isPooled, maxConnections: 1, statementTimeoutMs: 5000, logger });
  try {
    await requireSchema(pool, { migration: '2026-12-01-feed-line', variable, migrate });
    return await COMMANDS[command](createPostgresChangeLog(pool));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, variable, migrate), { cause: error });
  } finally {
    await pool.end();
  }
}

ignoreBrokenPipes();
try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
