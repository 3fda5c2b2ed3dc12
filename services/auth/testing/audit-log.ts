import { createLogger, Secret } from '@rollcall/runtime';
import type { AuditEntry } from '@rollcall/runtime/callers';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import type { ChainBreak } from '../audit/chains/chain-store.ts';
import type { ChainLimits } from '../audit/chains/chain-writer.ts';
import { createPostgresAuditLog } from '../audit/postgres-audit-log.ts';

/** A typical line. */
export const LINE: AuditEntry = {
  time: '2026-01-01T00:00:00.000Z',
  caller: 'booking',
  peer: '10.0.0.1:4000',
  method: 'rollcall.user.v1.UserService/GetUser',
  tenants: ['acme'],
  view: 'BASIC',
  ids: ['0190b0d5-4a1c-7e2f-8c3d-0123456789ab'],
  idCount: 1,
  outcome: 'OK',
  requestId: '0c6c6f9e-0e51-4e0b-8f6a-1d2f4b0f6c01',
  count: 1,
};

export type TestLog = Awaited<ReturnType<typeof openLog>>;

/**
 * Opens a database with the logs of so many processes. `pool` is of the role of the service, `owner` of the
 * role that owns the tables.
 */
export async function openLog({ writers = 1, limits }: { writers?: number; limits?: ChainLimits } = {}) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  // Pools that are opened later are closed with the rest.
  const pools = stack.use(new AsyncDisposableStack());
  const open = (url: string) =>
    pools.adopt(
      createPool({ url: new Secret(url), maxConnections: 2, statementTimeoutMs: 5000, logger }),
      (each) => each.end(),
    );
  const [pool, owner] = [open(database.url), open(database.ownerUrl)];
  const breaks: ChainBreak[] = [];
  const errors: unknown[] = [];
  const start = () =>
    createPostgresAuditLog(open(database.url), {
      onError: (error) => errors.push(error),
      onBreak: (broken) => breaks.push(broken),
      ...(limits && { limits }),
    });
  const logs = Array.from({ length: writers }, () => stack.use(start()));
  const [log] = logs as [(typeof logs)[number]];
  const closers = stack.move();
  return {
    ...{ database, pool, owner, log, logs, start, breaks, errors },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

/** Writes so many lines at the same time. */
export async function write(
  log: { record(entry: AuditEntry): Promise<void> },
  count: number,
  change: Partial<AuditEntry> = {},
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, i) => log.record({ ...LINE, requestId: `r${i}`, ...change })),
  );
}

/** Writes so many batches of one line each. */
export async function writeSingly(log: TestLog['log'], count: number, change: Partial<AuditEntry> = {}) {
  for (let i = 0; i < count; i++) await log.record({ ...LINE, requestId: crypto.randomUUID(), ...change });
}

/** Changes the log with all rights, past its triggers. */
export async function tamper(owner: Pool, ...statements: string[]): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relname like 'audit\\_%'`,
  );
  for (const { name } of rows) await owner.query(`alter table ${name} disable trigger user`);
  for (const statement of statements) await owner.query(statement);
}
