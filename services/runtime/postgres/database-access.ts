import { booleanSetting, databaseUrlSetting, optional } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';

/** How a process reaches its database. */
export interface DatabaseAccess {
  readonly databaseUrl: Secret;
  /** Whether `databaseUrl` leads to a pooler that lends a connection for one transaction at a time. */
  readonly isPooled: boolean;
  /** The database itself, for what needs a session of its own. Undefined: `databaseUrl` leads to it. */
  readonly directDatabaseUrl: Secret | undefined;
}

/** The settings beside PREFIX_DATABASE_URL that say how a database is reached. */
export function databaseAccessSettings(prefix: string, { needsDirect }: { needsDirect: string }) {
  return {
    isPooled: booleanSetting({
      variable: `${prefix}_DATABASE_POOLED`,
      default: 'false',
      doc: `Whether ${prefix}_DATABASE_URL leads to a pooler in transaction mode, as pgbouncer 1.21 or newer; statement timeouts then come from the database, where \`npm run migrate\` sets them.`,
    }),
    directDatabaseUrl: optional(
      databaseUrlSetting({
        variable: `${prefix}_DATABASE_DIRECT_URL`,
        doc: `The same database without the pooler, for ${needsDirect}; unset: ${prefix}_DATABASE_URL.`,
      }),
    ),
  } as const;
}
