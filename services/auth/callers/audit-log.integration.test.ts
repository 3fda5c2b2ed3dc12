import { createLogger, Secret } from '@rollcall/runtime';
import type { AuditEntry } from '@rollcall/runtime/callers';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';
import { runAuditCommand } from './commands/audit.ts';
import { createPostgresAuditLog } from './postgres-audit-log.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

const entry: AuditEntry = {
  time: '2026-01-01T00:00:00.000Z',
  caller: 'booking',
  peer: '10.0.0.1:4000',
  method: 'rollcall.user.v1.UserService/GetUser',
  tenants: ['acme'],
  view: 'BASIC',
  ids: ['0190b0d5-4a1c-7e2f-8c3d-0123456789ab'],
  idCount: 1,
  outcome: 'OK',
  requestId: 'r1',
  count: 1,
};

// A log with as many writers as processes would be.
async function openLog(writers = 1) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(database.url), maxConnections: 2, statementTimeoutMs: 5000, logger };
  const open = () => stack.adopt(createPool(options), (each) => each.end());
  const pool = open();
  const logs = Array.from({ length: writers }, () => createPostgresAuditLog(open(), { onError: () => {} }));
  const [log] = logs as [(typeof logs)[number]];
  const closers = stack.move();
  return { pool, log, logs, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

async function write(log: { record(entry: AuditEntry): Promise<void> }, count: number) {
  await Promise.all(Array.from({ length: count }, (_, i) => log.record({ ...entry, requestId: `r${i}` })));
}

// What only the owner of the tables can do, and a service should not be.
async function tamper(pool: Pool, ...statements: string[]) {
  for (const table of ['audit_log', 'audit_head'])
    await pool.query(`alter table ${table} disable trigger user`);
  for (const statement of statements) await pool.query(statement);
}

describe('the audit log', () => {
  it('is whole after many calls at once, which it writes in few transactions', async () => {
    await using test = await openLog();
    await write(test.log, 500);
    const { rows } = await test.pool.query(
      'select count(*)::int as lines, count(distinct xmin::text)::int as writes from audit_log',
    );
    expect(rows[0].lines).toBe(500);
    expect(rows[0].writes).toBeLessThan(50);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true, head: { seq: 500n } });
  });

  it('is one chain, whichever processes write it', async () => {
    await using test = await openLog(3);
    for (let round = 0; round < 5; round++) await Promise.all(test.logs.map((log) => write(log, 40)));
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true, head: { seq: 600n } });
  });

  it('refuses to change or lose a line', async () => {
    await using test = await openLog();
    await write(test.log, 3);
    for (const statement of [
      "update audit_log set content = '{}' where seq = 2",
      'delete from audit_log where seq = 2',
      'truncate audit_log',
      'delete from audit_head',
    ])
      await expect(test.pool.query(statement)).rejects.toThrow(/only added to/);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true });
  });

  it.each([
    [
      'a line that was changed',
      "update audit_log set content = replace(content, 'booking', 'console') where seq = 5",
      5n,
    ],
    [
      'a line whose hash was made to fit',
      `update audit_log set content = 'x', hash = sha256('x') where seq = 5`,
      5n,
    ],
    ['a line that was taken out', 'delete from audit_log where seq = 5', 5n],
    [
      'lines that were exchanged',
      'update audit_log set content = (select content from audit_log l where l.seq = 11 - audit_log.seq) where seq in (5, 6)',
      5n,
    ],
    ['lines that were cut off the end', 'delete from audit_log where seq > 8', 9n],
    ['a log that was emptied', 'delete from audit_log', 1n],
  ])('shows %s', async (_, statement, seq) => {
    await using test = await openLog();
    await write(test.log, 10);
    await tamper(test.pool, statement);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: false, seq });
    await expect(runAuditCommand({ kind: 'verify', head: undefined }, test.pool)).rejects.toThrow(
      `broken at line ${seq}`,
    );
  });

  it('shows against a noted head that it was written anew as a whole', async () => {
    await using test = await openLog();
    await write(test.log, 10);
    const noted = await verifyAuditLog(test.pool);
    if (!noted.isWhole) throw new Error(noted.why);
    await write(test.log, 5);
    expect(await verifyAuditLog(test.pool, noted.head)).toMatchObject({ isWhole: true, head: { seq: 15n } });
    await tamper(
      test.pool,
      'create table kept as select seq, content from audit_log where seq <> 3',
      'truncate audit_log',
      `update audit_head set seq = 0, hash = sha256('rollcall audit log')`,
      'select audit_append((select array_agg(content order by seq) from kept))',
    );
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true });
    expect(await verifyAuditLog(test.pool, noted.head)).toMatchObject({ isWhole: false, seq: 10n });
    await tamper(
      test.pool,
      `truncate audit_log`,
      `update audit_head set seq = 0, hash = sha256('rollcall audit log')`,
    );
    expect(await verifyAuditLog(test.pool, noted.head)).toMatchObject({ isWhole: false, seq: 1n });
  });

  it('holds any text that a caller may send', async () => {
    await using test = await openLog();
    await test.log.record({ ...entry, tenants: ['\0 \ud800 "quoted" \n ü 🙂'] });
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true });
    const printed = await runAuditCommand({ kind: 'tail', lines: 5 }, test.pool);
    expect(JSON.parse(printed).tenants).toEqual(['\0 \ud800 "quoted" \n ü 🙂']);
  });

  it('fails the calls whose lines it cannot write, and goes on with the next', async () => {
    await using test = await openLog();
    await test.pool.query('alter function audit_append(text[]) rename to gone');
    await expect(test.log.record(entry)).rejects.toThrow();
    await test.pool.query('alter function gone(text[]) rename to audit_append');
    await test.log.record(entry);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ isWhole: true, head: { seq: 1n } });
  });

  it('counts a flood of refusals in few lines, keeps them while it cannot write, and has them all at the end', async () => {
    await using test = await openLog();
    await test.pool.query('alter function audit_append(text[]) rename to gone');
    for (let i = 0; i < 2000; i++) test.log.refused({ ...entry, outcome: 'NOT_GRANTED' });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await test.pool.query('alter function gone(text[]) rename to audit_append');
    for (let i = 0; i < 3000; i++) test.log.refused({ ...entry, caller: `c${i}`, outcome: 'NOT_GRANTED' });
    await test.log[Symbol.asyncDispose]();
    const { rows } = await test.pool.query<{ content: string }>('select content from audit_log');
    const counts = rows.map(({ content }) => (JSON.parse(content) as AuditEntry).count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5000);
    expect(counts.length).toBeLessThanOrEqual(200);
  });
});
