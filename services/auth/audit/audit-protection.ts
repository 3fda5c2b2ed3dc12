import type { Pool } from '@rollcall/runtime/postgres';

/** Whether the role of a connection can do more with the audit log than add to it. */
export interface AuditProtection {
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

/** Looks what the role may do: change or own a table of the log, the schema, or the database. */
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

/** What an operator is told of a log that is not protected. */
export function unprotectedWarning(role: string): string {
  return `the audit log is not protected against the role "${role}", which the service uses: let another role own the tables and run migrations (AUTH_DATABASE_OWNER_URL)`;
}
