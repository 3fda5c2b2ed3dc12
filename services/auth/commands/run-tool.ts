import {
  type CommandDatabase,
  commandFolder,
  createLogger,
  findCommandDatabase,
  readConfig,
  StartupError,
} from '@rollcall/runtime';
import { createPool, explainDatabaseFault, type Pool } from '@rollcall/runtime/postgres';
import { createPostgresGrants } from '../callers/grants.ts';
import { AUDIT_SETTINGS, AUTH_SETTINGS } from '../config.ts';
import { AUDIT_HELP, type AuditCommand, readAuditCommand, runAuditCommand } from './audit-command.ts';
import { GRANTS_HELP, readGrantsCommand, runGrantsCommand } from './grants-command.ts';
import { readTokenCommand, runTokenCommand, TOKEN_HELP } from './token-command.ts';

// Verifying reads the whole log in pages, each by one statement.
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Runs `grants`, `audit` or `token` and answers its output.
 * @param env the settings, as the auth service has them
 * @throws StartupError naming what is wrong with the arguments, the settings or the database
 */
export async function runTool([tool, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const isHelp = args.length === 0 || args.includes('--help') || args.includes('-h');
  switch (tool) {
    case 'grants': {
      if (isHelp) return GRANTS_HELP;
      const command = readGrantsCommand(args);
      return await withPool(readAddress(env, false), (pool) =>
        runGrantsCommand(command, createPostgresGrants(pool)),
      );
    }
    case 'audit': {
      if (isHelp) return AUDIT_HELP;
      const { retentionDays } = readConfig(AUDIT_SETTINGS, env);
      const command = readAuditCommand(args, retentionDays, commandFolder(env, tool));
      return await withPool(readAddress(env, isForOwner(command)), (pool) => runAuditCommand(command, pool));
    }
    case 'token': {
      if (isHelp) return TOKEN_HELP;
      const { tokenAudience } = readConfig({ tokenAudience: AUTH_SETTINGS.tokenAudience }, env);
      return await runTokenCommand(readTokenCommand(args, tokenAudience), commandFolder(env, tool));
    }
    default:
      throw new StartupError(`There is no tool "${tool ?? ''}": it is grants, audit or token`);
  }
}

/** Whether a command needs the owner of the tables: the role of the service can only add to the audit log. */
function isForOwner({ kind }: AuditCommand): boolean {
  return kind === 'export' || kind === 'prune';
}

/** Finds the database. What only the owner may do goes past any pooler. */
function readAddress(env: NodeJS.ProcessEnv, isAsOwner: boolean): CommandDatabase {
  const { ownerUrl } = isAsOwner ? readConfig(AUDIT_SETTINGS, env) : { ownerUrl: undefined };
  if (ownerUrl) {
    const { variable } = AUDIT_SETTINGS.ownerUrl;
    return { url: ownerUrl, isPooled: false, variable, migrate: 'npm run migrate' };
  }
  return findCommandDatabase(env, 'auth', isAsOwner ? 'auth_owner' : 'auth');
}

async function withPool(database: CommandDatabase, work: (pool: Pool) => Promise<string>): Promise<string> {
  const pool = createPool({
    url: database.url,
    isPooled: database.isPooled,
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger: createLogger({ service: 'auth', level: 'silent' }),
  });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const { variable, migrate } = database;
    throw new StartupError(explainDatabaseFault(error, variable, migrate), { cause: error });
  } finally {
    await pool.end();
  }
}
