import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAuditCommand, runAuditCommand } from '../commands/audit-command.ts';
import { LINE, openLog, type TestLog, tamper, writeSingly } from '../testing/audit-log.ts';
import { pruneChains } from './export-audit-log.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rollcall-audit-'));
});
afterAll(() => rm(root, { recursive: true }));

const LIMITS = { maxLines: 10, maxAgeMs: 1e9, maxWords: 1e9 };
const DAY_MS = 24 * 60 * 60 * 1000;
const newFolder = () => mkdtemp(join(root, 'files-'));
const run = (test: TestLog, ...args: string[]) => runAuditCommand(readAuditCommand(args), test.owner);

// Fills chains of ten lines. The last one stays open.
async function openFilled(lines: number) {
  const test = await openLog({ limits: LIMITS });
  for (let i = 0; i < lines; i++)
    await test.log.record({ ...LINE, time: new Date().toISOString(), caller: `caller-${i}` });
  return test;
}

describe('chains of the audit log', () => {
  it('B11: are exported, verified and pruned, and the log stays whole without the pruned ones', async () => {
    await using test = await openFilled(35);
    const folder = await newFolder();
    const { head } = await verifyAuditLog(test.pool);
    const paths = (await run(test, 'export', '--to', folder)).trim().split('\n');
    expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual([...paths].sort());
    expect(paths).toHaveLength(3);
    expect(await run(test, 'export', '--to', folder)).toBe('no chain to export\n');
    expect(await verifyAuditLog(test.pool, head)).toMatchObject({
      findings: [],
      lines: 35n,
      chains: 4,
      pruned: 0,
    });

    expect(await run(test, 'prune', '--days', '1')).toBe('pruned 0 chains\n');
    expect(await pruneChains(test.owner, 1, Date.now() + 2 * DAY_MS)).toHaveLength(3);
    expect(await verifyAuditLog(test.pool, head)).toMatchObject({
      findings: [],
      lines: 5n,
      chains: 1,
      pruned: 3,
    });
    const { rows } = await test.pool.query('select count(distinct chain)::int as chains from audit_batches');
    expect(rows).toEqual([{ chains: 1 }]);
    await writeSingly(test.log, 3);
    expect(await verifyAuditLog(test.pool)).toMatchObject({ findings: [], lines: 8n });

    for (const path of paths)
      expect(await run(test, 'verify', '--file', path)).toMatch(/ is whole: 10 batches; SHA-256/);
    const [first = ''] = paths;
    const found = await run(test, 'search', '--file', first, '--caller', 'caller-3');
    expect(JSON.parse(found)).toMatchObject({ batch: 4, caller: 'caller-3', ids: LINE.ids });
    expect((await run(test, 'tail', '--file', first, '--lines', '2')).trim().split('\n')).toHaveLength(2);
  });

  it('are not exported when they are broken, and never pruned without a file', async () => {
    await using test = await openFilled(25);
    await tamper(test.owner, `update audit_batches set lines = lines || '\\x00' where seq = 5`);
    const folder = await newFolder();
    await expect(run(test, 'export', '--to', folder)).rejects.toThrow(/broken at batch 5 of chain/);
    expect(await readdir(folder)).toEqual([]);
    expect(await pruneChains(test.owner, 1, Date.now() + 2 * DAY_MS)).toEqual([]);
    await expect(test.owner.query('select audit_prune(id) from audit_chains')).rejects.toThrow(
      'was not exported',
    );
    await expect(
      test.owner.query(`select audit_export(id, 'x') from audit_chains where state = 'open'`),
    ).rejects.toThrow('is not closed');
  });

  it('B11: are exported and pruned although one of them is broken', async () => {
    await using test = await openFilled(35);
    await tamper(
      test.owner,
      `update audit_batches set lines = lines || '\\x00' where seq = 5 and chain =
        (select chain from audit_central where kind = 'open' order by seq limit 1)`,
    );
    const folder = await newFolder();
    await expect(run(test, 'export', '--to', folder)).rejects.toThrow(
      /gz is exported\n.*gz is exported\n.* is broken at batch 5 of chain/,
    );
    expect(await readdir(folder)).toHaveLength(2);
    expect(await pruneChains(test.owner, 1, Date.now() + 2 * DAY_MS)).toHaveLength(2);
    const { findings } = await verifyAuditLog(test.pool);
    expect(findings.map(({ place }) => place)).toEqual([expect.stringMatching(/^batch 5 of chain/)]);
  });

  it('are refused as files that were changed, cut off, or are of another chain', async () => {
    await using test = await openFilled(25);
    const folder = await newFolder();
    const [one = '', other = ''] = (await run(test, 'export', '--to', folder)).trim().split('\n');
    const bytes = await readFile(one);
    const text = gunzipSync(bytes).toString();
    const lines = text.trimEnd().split('\n');
    const changed: [string, Buffer][] = [
      ['one batch less', gzipSync(`${lines.slice(0, -1).join('\n')}\n`)],
      [
        'two batches exchanged',
        gzipSync(`${[lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n')}\n`),
      ],
      ['cut off', bytes.subarray(0, bytes.length - 20)],
      ['nothing', Buffer.alloc(0)],
      ['another head', gzipSync(text.replace(/"chain":"[^"]+"/, '"chain":"7"'))],
      [
        'the first line of another',
        gzipSync(
          gunzipSync(await readFile(other))
            .toString()
            .replace(/^.*\n/, `${lines[0]}\n`),
        ),
      ],
    ];
    for (const [what, content] of changed) {
      const path = join(folder, 'changed.jsonl.gz');
      await writeFile(path, content);
      await expect(run(test, 'verify', '--file', path), what).rejects.toThrow(
        /is broken at|cannot be read|is no exported chain|notes no close/,
      );
    }
    await expect(run(test, 'export', '--to', join(folder, 'nowhere'))).resolves.toBe('no chain to export\n');
  });

  it('name what is missing to export or prune', async () => {
    await using test = await openFilled(15);
    await expect(run(test, 'export', '--to', join(root, 'nowhere'))).rejects.toThrow(
      /cannot be written: ENOENT/,
    );
    const path = await run(test, 'export', '--to', join(root, 'nowhere')).catch(
      ({ message }: Error) => message.split(' ', 1)[0] ?? '',
    );
    const folder = await newFolder();
    await mkdir(join(folder, basename(path)));
    await expect(run(test, 'export', '--to', folder)).rejects.toThrow(/cannot be written: EISDIR/);
    expect(() => readAuditCommand(['export'])).toThrow('--to DIRECTORY is missing');
    expect(() => readAuditCommand(['prune'])).toThrow('AUTH_AUDIT_RETENTION_DAYS is not set');
    expect(readAuditCommand(['prune'], 30)).toEqual({ kind: 'prune', days: 30 });
    expect(() => readAuditCommand(['prune', '--days', '0'])).toThrow('whole number from 1');
  });
});
