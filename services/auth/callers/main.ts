// npm run grants|audit|token: who may call, what was called, and tokens to call with.
import { createLogger, readConfig, StartupError } from '@rollcall/runtime';
import { createPool, explainDatabaseFault, type Pool } from '@rollcall/runtime/postgres';
import { AUDIT_HELP, type AuditCommand, readAuditCommand, runAuditCommand } from '../audit/audit-command.ts';
import { AUDIT_SETTINGS } from '../audit/audit-settings.ts';
import { DATABASE_VARIABLE, findCommandDatabase } from '../command-database.ts';
import { AUTH_SETTINGS } from '../config.ts';
import { GRANTS_HELP, readGrantsCommand, runGrantsCommand } from './commands/grants.ts';
import { readTokenCommand, runTokenCommand, TOKEN_HELP } from './commands/token.ts';
import { createPostgresGrants } from './postgres-grants.ts';

// A look through the whole log reads it in pages, each of which is one statement.
const STATEMENT_TIMEOUT_MS = 60_000;

async function main([tool, ...args]: readonly string[]): Promise<string> {
  const isHelp = args.length === 0 || args.includes('--help') || args.includes('-h');
  switch (tool) {
    case 'grants': {
      if (isHelp) return GRANTS_HELP;
      const command = readGrantsCommand(args);
      return await withPool((pool) => runGrantsCommand(command, createPostgresGrants(pool)));
    }
    case 'audit': {
      if (isHelp) return AUDIT_HELP;
      const { retentionDays } = readConfig(AUDIT_SETTINGS, process.env);
      const command = readAuditCommand(args, retentionDays);
      return await withPool((pool) => runAuditCommand(command, pool), isForOwner(command));
    }
    case 'token': {
      if (isHelp) return TOKEN_HELP;
      const { tokenAudience } = readConfig({ tokenAudience: AUTH_SETTINGS.tokenAudience }, process.env);
      return await runTokenCommand(readTokenCommand(args, tokenAudience));
    }
    default:
      throw new StartupError(`There is no tool "${tool ?? ''}": it is grants, audit or token`);
  }
}

/** The role of the service can only add to the audit log. */
function isForOwner({ kind }: AuditCommand): boolean {
  return kind === 'export' || kind === 'prune';
}

/** Where the database is; what the owner alone may do goes past any pooler. */
function readAddress(isAsOwner: boolean) {
  const { ownerUrl } = isAsOwner ? readConfig(AUDIT_SETTINGS, process.env) : { ownerUrl: undefined };
  if (ownerUrl) return { url: ownerUrl, isPooled: false };
  return findCommandDatabase(process.env, isAsOwner ? 'auth_owner' : 'auth');
}

async function withPool(work: (pool: Pool) => Promise<string>, isAsOwner = false): Promise<string> {
  const pool = createPool({
    ...readAddress(isAsOwner),
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger: createLogger({ service: 'auth', level: 'silent' }),
  });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, DATABASE_VARIABLE, 'npm run migrate'), {
      cause: error,
    });
  } finally {
    await pool.end();
  }
}

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
