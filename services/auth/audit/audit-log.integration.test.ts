import type { AuditEntry } from '@rollcall/runtime/callers';
import { describe, expect, it } from 'vitest';
import { readAuditCommand, runAuditCommand } from '../commands/audit-command.ts';
import { LINE, openLog, type TestLog, write, writeSingly } from '../testing/audit-log.ts';
import { createChainStore } from './chains/chain-store.ts';
import { createChainWriter } from './chains/chain-writer.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

const run = (test: TestLog, ...args: string[]) => runAuditCommand(readAuditCommand(args), test.pool);
const shown = async (test: TestLog, ...args: string[]): Promise<AuditEntry[]> =>
  (await run(test, ...args))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('the audit log', () => {
  it('is whole after many concurrent calls, which it writes in few transactions', async () => {
    await using test = await openLog();
    await write(test.log, 500);
    const { rows } = await test.pool.query('select count(*)::int as batches from audit_batches');
    expect(rows[0].batches).toBeLessThan(50);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 500n, chains: 1 });
    expect(test.breaks).toEqual([]);
  });

  it('B11: is a chain for each process, which the central chain knows before its first line', async () => {
    await using test = await openLog({ writers: 3 });
    for (let round = 0; round < 5; round++) await Promise.all(test.logs.map((log) => write(log, 40)));
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 600n, chains: 3 });
    const { rows } = await test.pool.query(
      `select kind, count(*)::int as entries from audit_central group by kind order by kind`,
    );
    expect(rows).toEqual([
      { kind: 'legacy', entries: 1 },
      { kind: 'open', entries: 3 },
    ]);
    // Batches do not touch rows of other processes: a lock of one would show here.
    const { rows: locked } = await test.owner.query('select xmax::text as xmax from audit_central_head');
    await Promise.all(test.logs.map((log) => write(log, 40)));
    expect((await test.owner.query('select xmax::text as xmax from audit_central_head')).rows).toEqual(
      locked,
    );
  });

  it('B11: takes at most 250 bytes a line, though each line is a batch of its own', async () => {
    await using test = await openLog();
    const sizes = async () => {
      await test.owner.query('checkpoint').catch(() => undefined);
      const { rows } = await test.owner.query<{ bytes: string }>(
        `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c
         where relkind = 'r' and relname like 'audit\\_%'`,
      );
      return Number(rows[0]?.bytes);
    };
    const change = { caller: 'spiffe://example.org/ns/production/booking' };
    await writeSingly(test.log, 50, change);
    const before = await sizes();
    const lines = 4000;
    await writeSingly(test.log, lines, change);
    expect(await sizes().then((after) => (after - before) / lines)).toBeLessThanOrEqual(250);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: BigInt(lines + 50) });
  });

  it('begins another chain when one is full or old, and closes the last when it ends', async () => {
    await using test = await openLog({ limits: { maxLines: 10, maxAgeMs: 1e9, maxWords: 1e9 } });
    await writeSingly(test.log, 25);
    await test.log[Symbol.asyncDispose]();
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 25n, chains: 3 });
    const { rows } = await test.pool.query('select distinct state from audit_chains');
    expect(rows).toEqual([{ state: 'closed' }]);
  });

  it('goes on in another chain without an alarm when another process has closed the chain as abandoned', async () => {
    await using test = await openLog();
    await write(test.log, 3);
    await test.owner.query('update audit_chains set noted_ms = 0');
    await test.pool.query('select audit_look_after()');
    await write(test.log, 3);
    expect(test.breaks).toEqual([]);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 6n, chains: 2 });
  });

  it('holds every text that a caller may send', async () => {
    await using test = await openLog();
    await test.log.record({ ...LINE, tenants: ['\0 \ud800 "quoted" \n ü 🙂'] });
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [] });
    expect((await shown(test, 'tail'))[0]?.tenants).toEqual(['\0 \ud800 "quoted" \n ü 🙂']);
  });

  it('fails the calls whose lines it cannot write, and goes on with the next', async () => {
    await using test = await openLog();
    const [away, back] = renames('audit_extend(bigint, integer, bytea, bytea)');
    await test.owner.query(away);
    await expect(test.log.record(LINE)).rejects.toThrow();
    await expect(test.log.ready?.()).rejects.toThrow();
    await test.owner.query(back);
    await test.log.ready?.();
    expect(test.log.ready?.()).toBeUndefined();
    await test.log.record(LINE);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 1n });
  });

  it('B10: tries the line of a committed call again until it can be written, or the call ends', async () => {
    await using test = await openLog();
    const [away, back] = renames('audit_extend(bigint, integer, bytea, bytea)');
    await test.owner.query(away);
    const call = new AbortController();
    const ended = test.log.record(LINE, { keepWhile: call.signal });
    const kept = test.log.record(LINE, { keepWhile: new AbortController().signal });
    // The line of a read is dropped; its failure shows that the others were tried.
    await expect(test.log.record(LINE)).rejects.toThrow();
    call.abort();
    await expect(ended).rejects.toThrow();
    await test.owner.query(back);
    await kept;
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 1n });
  });

  it('finds that a batch whose answer was lost was written, and raises no alarm', async () => {
    await using test = await openLog();
    const store = createChainStore(test.pool);
    const isLost = [false, true, false, true];
    const breaks: unknown[] = [];
    const writer = createChainWriter({
      store: {
        ...store,
        async extend(...args) {
          const extension = await store.extend(...args);
          if (isLost.shift()) throw new Error('the connection broke');
          return extension;
        },
      },
      writer: 'test',
      onBreak: (broken) => breaks.push(broken),
    });
    await writer.append([LINE]);
    await expect(writer.append([{ ...LINE, caller: 'second' }])).rejects.toThrow('the connection broke');
    // The chain is further than it was left, and the word of the line before is known.
    await expect(writer.append([{ ...LINE, caller: 'third' }])).rejects.toThrow('the connection broke');
    await writer.append([{ ...LINE, caller: 'second' }]);
    expect(breaks).toEqual([]);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 4n, chains: 1 });
    expect((await shown(test, 'tail')).map(({ caller }) => caller)).toEqual([
      'booking',
      'second',
      'third',
      'second',
    ]);
  });

  it('counts a flood of refusals in few lines, keeps them while it cannot write, and has them all at the end', async () => {
    await using test = await openLog();
    const [away, back] = renames('audit_open(text, bigint, integer, bytea, text)');
    await test.owner.query(away);
    for (let i = 0; i < 2000; i++) test.log.refused({ ...LINE, outcome: 'NOT_GRANTED' });
    await expect.poll(() => test.errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await test.owner.query(back);
    for (let i = 0; i < 3000; i++) test.log.refused({ ...LINE, caller: `c${i}`, outcome: 'NOT_GRANTED' });
    await test.log[Symbol.asyncDispose]();
    const lines = await shown(test, 'tail', '--lines', '10000');
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
    expect(lines.length).toBeLessThanOrEqual(200);
  });
});

describe('the lines of the audit log', () => {
  it('are found by user, caller, tenant, method, outcome and time, also in the log before chains', async () => {
    await using test = await openLog({ writers: 2 });
    const old = { ...LINE, time: '2025-12-31T00:00:00.000Z', caller: 'old' };
    await test.pool.query('select audit_append($1)', [[JSON.stringify(old)]]);
    const user = '0190b0d5-4a1c-7e2f-8c3d-00000000000a';
    const [one, other] = test.logs as [TestLog['log'], TestLog['log']];
    const at = (second: number) => new Date(start + 1000 * second).toISOString();
    const start = Date.now();
    await one.record({ ...LINE, time: at(1), ids: [user], tenants: ['demo'] });
    await other.record({ ...LINE, time: at(2), caller: 'console', outcome: 'USER_NOT_FOUND' });
    await one.record({ ...LINE, time: at(3), method: 'rollcall.user.v1.UserAdminService/EraseUser' });
    const times = async (...args: string[]) => (await shown(test, 'search', ...args)).map(({ time }) => time);
    expect(await times('--user', user.toUpperCase())).toEqual([at(1)]);
    expect(await times('--caller', 'console')).toEqual([at(2)]);
    expect(await times('--tenant', 'demo')).toEqual([at(1)]);
    expect(await times('--method', 'UserAdminService/EraseUser')).toEqual([at(3)]);
    expect(await times('--outcome', 'USER_NOT_FOUND')).toEqual([at(2)]);
    expect(await times('--caller', 'old')).toEqual([old.time]);
    expect(await times('--from', at(2), '--to', at(3))).toEqual([at(2)]);
    expect((await shown(test, 'tail', '--lines', '2')).map(({ time }) => time)).toEqual([at(2), at(3)]);
    expect(await shown(test, 'tail')).toHaveLength(4);
  });
});

function renames(signature: string): [string, string] {
  const [name, types] = signature.split('(');
  return [`alter function ${signature} rename to gone`, `alter function gone(${types} rename to ${name}`];
}
