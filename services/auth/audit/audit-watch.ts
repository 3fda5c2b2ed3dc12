import type { Logger } from '@rollcall/runtime';
import { poll } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { type ChainBreak, createChainStore } from './chains/chain-store.ts';

/** Whether the role of a connection can do more with the audit log than add to it. */
interface AuditProtection {
  readonly role: string;
  readonly isProtected: boolean;
}

const TABLES = [
  'audit_log',
  'audit_head',
  'audit_central',
  'audit_central_head',
  'audit_chains',
  'audit_batches',
];

/** Reads whether the role can change or own a table of the log, the schema, or the database. */
export async function readAuditProtection(pool: Pick<Pool, 'query'>): Promise<AuditProtection> {
  const { rows } = await pool.query<{ role: string; isFree: boolean }>(
    `select current_user::text as role,
       bool_or(has_table_privilege(c.oid, 'insert, update, delete, truncate') or pg_has_role(c.relowner, 'MEMBER')
         or pg_has_role(n.nspowner, 'MEMBER') or pg_has_role(d.datdba, 'MEMBER')) as "isFree"
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_database d on d.datname = current_database()
     where c.oid = any($1::regclass[])`,
    [TABLES],
  );
  const [row] = rows;
  return { role: row?.role ?? '', isProtected: row?.isFree === false };
}

/** The warning for operators that a role can change the log. */
export function unprotectedWarning(role: string): string {
  return `the audit log is not protected against the role "${role}", which the service uses: let another role own the tables and run migrations (AUTH_DATABASE_OWNER_URL)`;
}

const POLL_MS = 60_000;

/** Maintains the log in the background, and raises the alarm when it is broken. */
interface AuditWatch extends AsyncDisposable {
  /** Raises the alarm for a chain of this process. */
  readonly onBreak: (broken: ChainBreak) => void;
  readMetrics(): readonly MetricReading[];
}

/**
 * Closes abandoned chains, and counts the breaks of all processes: once a minute. Warns at once when the role
 * of the service can do more than add to the log.
 */
export async function startAuditWatch(
  pool: Pool,
  { logger, pollMs = POLL_MS }: { readonly logger: Logger; readonly pollMs?: number },
): Promise<AuditWatch> {
  const store = createChainStore(pool);
  const { role, isProtected } = await readAuditProtection(pool);
  if (!isProtected) logger.warn({ role }, unprotectedWarning(role));
  let breaks = await store.countBreaks();
  const alarm = (details: object) =>
    logger.error(
      details,
      'the audit log is broken; calls go on. Run "npm run audit -- verify", and find out who could write to it',
    );
  if (breaks > 0) alarm({ breaks });
  const maintain = async () => {
    await store.closeAbandoned();
    const found = await store.countBreaks();
    if (found > breaks) alarm({ breaks: found });
    breaks = found;
  };
  let maintaining: Promise<void> = Promise.resolve();
  const stop = poll(() => (maintaining = maintain()), {
    pollMs,
    onError: (error) => logger.warn({ error }, 'the audit log cannot be maintained'),
  });
  return {
    onBreak({ chain, head, why }) {
      breaks += 1;
      alarm({ chain, batch: head.batches, why });
    },
    readMetrics: () => [
      {
        name: 'rollcall_audit_breaks',
        help: 'Places where another party wrote into the audit log, or removed something.',
        type: 'gauge',
        labels: {},
        value: breaks,
      },
      {
        name: 'rollcall_audit_protected',
        help: "Whether the service's role can do nothing with the audit log but add to it.",
        type: 'gauge',
        labels: {},
        value: isProtected ? 1 : 0,
      },
    ],
    async [Symbol.asyncDispose]() {
      stop();
      await maintaining.catch(() => undefined);
    },
  };
}
