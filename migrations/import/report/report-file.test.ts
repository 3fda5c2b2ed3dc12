import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReport } from './report-file.ts';

function mount(path: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]).status === 0;
}

const probe = mkdtempSync(join(tmpdir(), 'rollcall-full-'));
const canMount = mount(probe);
if (canMount) spawnSync('umount', [probe]);
else process.stdout.write('This machine lets no file system be mounted: a full disk is not tried.\n');
rmSync(probe, { recursive: true });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openReport', () => {
  it('puts a whole report in its place, over an older one', async () => {
    const path = join(folder, 'whole.csv');
    await writeFile(path, 'older');
    await using report = await openReport(path);
    await report.add([{ line: 2, outcome: 'unlinked', reason: 'email is empty' }]);
    expect(await readFile(path, 'utf8')).toBe('older');
    await report.add([{ line: 9, outcome: 'refused', reason: 'one, "two"' }]);
    await report.finish();
    expect(await readFile(path, 'utf8')).toBe(
      'line,outcome,reason\n2,unlinked,email is empty\n9,refused,"one, ""two"""\n',
    );
  });

  it('leaves nothing behind that was not finished', async () => {
    const before = await readdir(folder);
    {
      await using report = await openReport(join(folder, 'half.csv'));
      await report.add([{ line: 2, outcome: 'refused', reason: 'x' }]);
    }
    expect(await readdir(folder)).toEqual(before);
  });

  it('removes what a killed import left, and leaves that of a living one and all other files alone', async () => {
    const path = join(folder, 'again.csv');
    const dead = spawnSync(process.execPath, ['--version']).pid;
    const others = [`again.csv.${process.ppid}.partial`, `other.csv.${dead}.partial`, 'again.csv.x.partial'];
    for (const name of [`again.csv.${dead}.partial`, ...others]) await writeFile(join(folder, name), '');
    {
      await using _report = await openReport(path);
    }
    const left = (await readdir(folder)).filter((name) => name.endsWith('.partial'));
    expect(left.sort()).toEqual(others.sort());
    for (const name of others) await rm(join(folder, name));
  });

  it.skipIf(!canMount)('B5: says in one line that the disk is full, and leaves nothing behind', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'rollcall-full-'));
    mount(disk);
    try {
      const path = join(disk, 'report.csv');
      const lines = Array.from({ length: 4000 }, (_, n) => ({
        line: n,
        outcome: 'refused' as const,
        reason: 'the e-mail is none',
      }));
      {
        await using report = await openReport(path);
        await expect(report.add(lines)).rejects.toThrow(
          `Cannot write the report ${path} (ENOSPC): name another place with --report FILE`,
        );
      }
      expect(await readdir(disk)).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  });

  it('names the place that cannot be written, and the cure', async () => {
    const path = join(folder, 'missing', 'report.csv');
    await expect(openReport(path)).rejects.toThrow(
      `Cannot write the report ${path} (ENOENT): name another place with --report FILE`,
    );
    await expect(openReport(folder)).rejects.toThrow(`Cannot write the report ${folder}: it is a folder`);
  });
});
