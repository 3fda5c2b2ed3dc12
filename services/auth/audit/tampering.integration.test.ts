import { describe, expect, it } from 'vitest';
import { readAuditCommand, runAuditCommand } from '../commands/audit-command.ts';
import { LINE, openLog, tamper, write, writeSingly } from '../testing/audit-log.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

const TABLES = [
  'audit_log',
  'audit_head',
  'audit_central',
  'audit_central_head',
  'audit_chains',
  'audit_batches',
];

describe('the role of the service', () => {
  it.each(TABLES)('B10: can add to %s by functions only', async (table) => {
    await using test = await openLog();
    await write(test.log, 3);
    for (const statement of [
      `insert into ${table} select * from ${table}`,
      `update ${table} set hash = sha256('x')`,
      `delete from ${table}`,
      `truncate ${table}`,
      `alter table ${table} disable trigger user`,
      `drop table ${table}`,
    ])
      await expect(test.pool.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 3n });
  });

  it('B10: can neither export nor prune, nor write entries of the central chain, nor put tables of its own in place of these', async () => {
    await using test = await openLog();
    await write(test.log, 3);
    for (const statement of [
      `select audit_export(1, 'x')`,
      'select audit_prune(1)',
      `select audit_central_add('note', 1, 1, '', '')`,
    ])
      await expect(test.pool.query(statement)).rejects.toThrow(/permission denied/);
    await test.pool.query(
      `create temporary table audit_head as select 7::bigint as seq, sha256('x') as hash`,
    );
    await test.pool.query('select audit_append($1)', [[JSON.stringify(LINE)]]);
    expect(await verifyAuditLog(test.owner)).toMatchObject({ findings: [], lines: 4n });
  });
});

describe('text that the role of the service adds to the log before chains', () => {
  it.each([
    'x',
    'null',
    '{}',
    '[]',
    '{"time":"2026-01-01T00:00:00Z","ids":7}',
    JSON.stringify({ ...LINE, time: 'soon' }),
  ])('B10: is named by verify where it is no line, and stops no search: %s', async (text) => {
    await using test = await openLog();
    await test.pool.query('select audit_append($1)', [[JSON.stringify(LINE), text]]);
    await write(test.log, 2);
    for (const args of [
      ['tail'],
      ['search', '--caller', LINE.caller],
      ['search', '--user', '0190b0d5-4a1c-7e2f-8c3d-00000000000a'],
    ])
      expect(await runAuditCommand(readAuditCommand(args), test.pool)).not.toContain('soon');
    const shown = await runAuditCommand(readAuditCommand(['tail']), test.pool);
    expect(shown.trim().split('\n')).toHaveLength(3);
    expect((await verifyAuditLog(test.pool)).findings).toMatchObject([
      { place: 'line 2 of the log before chains', why: expect.stringContaining('no line') },
    ]);
  });
});

describe('the owner of the tables', () => {
  it('does not lose or change a line by accident', async () => {
    await using test = await openLog();
    await write(test.log, 3);
    // The log before chains is empty; its trigger refuses all the same.
    for (const statement of [
      "update audit_batches set lines = ''",
      'delete from audit_batches',
      'truncate audit_batches',
      'delete from audit_chains',
      'truncate audit_chains',
      "update audit_central set note = ''",
      'delete from audit_central',
      'delete from audit_central_head',
      'delete from audit_log',
      'delete from audit_head',
    ])
      await expect(test.owner.query(statement)).rejects.toThrow(/only added to/);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 3n });
  });
});

// [change, statements, where verify finds it, whether the process that writes the chain notices by itself]
const TAMPERED: [string, string[], RegExp, boolean][] = [
  [
    'a line that was changed',
    ["update audit_batches set lines = lines || '\\x00' where seq = 5"],
    /batch 5 of chain .* text/,
    false,
  ],
  [
    'a line whose hash was made to fit',
    ["update audit_batches set lines = '\\x01', hash = sha256('x') where seq = 5"],
    /batch 5 of chain .* text/,
    false,
  ],
  [
    'a line that was taken out',
    ['delete from audit_batches where seq = 5'],
    /batch 5 of chain .* missing/,
    false,
  ],
  [
    'lines that were cut off the end',
    ['delete from audit_batches where seq > 8'],
    /batch 9 of chain .* missing/,
    true,
  ],
  [
    'lines that were cut off, and the head with them, once the central chain had noted them',
    [
      'select audit_note(id) from audit_chains',
      'delete from audit_batches where seq > 8',
      'update audit_chains set batches = 8, hash = (select hash from audit_batches where seq = 8)',
    ],
    /batch 9 of chain .* missing: the central chain noted 10/,
    true,
  ],
  ['a chain that was emptied', ['delete from audit_batches'], /batch 1 of chain .* missing/, true],
  [
    'a chain that is gone as a whole',
    ['delete from audit_batches', 'delete from audit_chains'],
    /chain -?\d+.* head is missing/,
    true,
  ],
  [
    'a chain that is gone as a whole, and its entry in the central chain',
    [
      'delete from audit_batches',
      'delete from audit_chains',
      `delete from audit_central where kind = 'open'`,
    ],
    /entry 2 of the central chain.* missing/,
    true,
  ],
  [
    'an added line',
    [`insert into audit_batches select chain, 11, hash, lines from audit_batches where seq = 10`],
    /batch 11 of chain .* text/,
    true,
  ],
  [
    'an added chain',
    [`insert into audit_batches select 7, seq, hash, lines from audit_batches`],
    /chain 7.* does not know it/,
    false,
  ],
  [
    'an entry of the central chain that was changed',
    [`update audit_central set note = 'x' where seq = 2`],
    /entry 2 of the central chain.* text/,
    false,
  ],
  [
    'a log before chains that was cut',
    ['delete from audit_log where seq = 2'],
    /line 2 of the log before chains.* missing/,
    false,
  ],
  [
    'a log before chains that was written anew, once the central chain had noted it',
    [
      'select audit_look_after()',
      'truncate audit_log',
      `update audit_head set seq = 0, hash = sha256('rollcall audit log')`,
      `select audit_append('{"{\\"time\\":\\"2026-01-01T00:00:00Z\\"}","{}"}')`,
    ],
    /line 2 of the log before chains.* not the one that the central chain noted/,
    false,
  ],
];

describe('the superuser of the database', () => {
  it.each(TAMPERED)('B10: shows by %s, and stops no call', async (_, statements, where, isNoticed) => {
    await using test = await openLog();
    await test.pool.query(`select audit_append('{"{\\"n\\":1}","{\\"n\\":2}"}')`);
    await writeSingly(test.log, 10);
    await tamper(test.owner, ...statements);
    const places = async () =>
      (await verifyAuditLog(test.pool)).findings.map(({ place, why }) => `${place}: ${why}`).join('\n');
    expect(await places()).toMatch(where);
    await expect(runAuditCommand(readAuditCommand(['verify']), test.pool)).rejects.toThrow(where);
    await writeSingly(test.log, 2);
    expect(test.breaks.length).toBe(isNoticed ? 1 : 0);
    if (isNoticed) expect(await places()).toMatch(/notes a break at .* of chain .* after batch 10/);
  });

  it('B10: cannot keep entries out of the central chain by taken or invalid numbers', async () => {
    await using test = await openLog();
    await write(test.log, 3);
    const copyAs = (seq: string) =>
      `insert into audit_central select ${seq}, kind, chain, batches, head, at_ms, note, hash from audit_central where seq = 1`;
    const next = copyAs('(select seq + 1 from audit_central_head)');
    for (const statement of [
      copyAs('4611686018427387903'),
      next,
      copyAs('9223372036854775807'),
      next,
      'update audit_central_head set seq = -3',
      'update audit_central_head set seq = 9223372036854775807',
    ]) {
      await tamper(test.owner, statement);
      await using another = test.start();
      await write(another, 1);
    }
    const { rows } = await test.owner.query("select from audit_central where kind = 'break'");
    expect(rows.length).toBeGreaterThanOrEqual(4);
    expect((await verifyAuditLog(test.pool)).findings).not.toEqual([]);
  });

  it('B10: breaks the central chain, and every process goes on', async () => {
    await using test = await openLog({ writers: 2 });
    await write(test.logs[0] as (typeof test.logs)[number], 3);
    await tamper(
      test.owner,
      `insert into audit_central select seq + 1, kind, chain, batches, head, at_ms, note, hash from audit_central where seq = 2`,
    );
    await write(test.logs[1] as (typeof test.logs)[number], 3);
    await tamper(test.owner, 'delete from audit_central_head');
    await using third = test.start();
    await write(third, 3);
    await tamper(test.owner, 'update audit_central_head set seq = 9000');
    await using fourth = test.start();
    await write(fourth, 3);
    const { findings, lines } = await verifyAuditLog(test.pool);
    expect(lines).toBe(12n);
    const noted = findings.filter(({ isNoted }) => isNoted).map(({ why }) => why);
    expect(noted).toEqual([
      expect.stringContaining('somebody else wrote an entry'),
      expect.stringContaining('the head of the central chain is missing'),
      expect.stringContaining('names is not there'),
    ]);
  });

  it('shows against a noted head when everything was written again', async () => {
    await using test = await openLog();
    await writeSingly(test.log, 3);
    const { head } = await verifyAuditLog(test.pool);
    await writeSingly(test.log, 3);
    expect(await verifyAuditLog(test.pool, head)).toMatchObject({ findings: [] });
    await tamper(
      test.owner,
      'truncate audit_central, audit_chains, audit_batches',
      `update audit_central_head set seq = 0, hash = sha256('rollcall audit chains')`,
    );
    await using other = test.start();
    await writeSingly(other, 3);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [] });
    expect((await verifyAuditLog(test.pool, head)).findings).toMatchObject([
      { why: expect.stringContaining('noted') },
    ]);
  });

  it('B10: stops the log when each new chain is broken at once, and calls fail rather than go on unrecorded', async () => {
    await using test = await openLog();
    await test.owner.query(`create function spoil() returns trigger language plpgsql as $$
      begin update audit_chains set hash = sha256('x') where id = new.id and batches = 0; return null; end $$`);
    await test.owner.query(
      'create trigger spoil after insert on audit_chains for each row execute function spoil()',
    );
    await expect(test.log.record(LINE)).rejects.toThrow('breaks as often');
    await test.owner.query('drop trigger spoil on audit_chains');
    await test.log.record(LINE);
  });
});
