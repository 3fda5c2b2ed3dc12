import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeLog, lastErrorLine, linesOf, openLog } from './log-file.ts';

describe('a log file', () => {
  let path = '';

  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'rollcall-log-')), 'x.log');
  });

  afterEach(() => {
    rmSync(join(path, '..'), { recursive: true });
  });

  it('keeps what is in it and tells what this start wrote', () => {
    writeFileSync(path, 'earlier\n');
    const log = openLog(path);
    writeSync(log.descriptor, 'now\n\n');
    appendFileSync(path, 'and then\n');
    closeLog(log);
    expect(linesOf(log)).toEqual(['now', 'and then']);
  });

  it('is set aside when it has grown beyond 8 MiB', () => {
    writeFileSync(path, Buffer.alloc(8 * 1024 * 1024 + 1, 'x'));
    const log = openLog(path);
    closeLog(log);
    expect(existsSync(`${path}.1`)).toBe(true);
    expect(linesOf(log)).toEqual([]);
  });
});

describe('the lines of a log file', () => {
  it('B10: are those of this start alone, also where somebody emptied or removed the file meanwhile', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rollcall-log-')), 'x.log');
    writeFileSync(path, 'an older line\n');
    const log = openLog(path);
    expect(linesOf(log)).toEqual([]);
    truncateSync(path);
    writeSync(log.descriptor, 'now\n');
    closeLog(log);
    expect(linesOf(log)).toEqual(['now']);
    rmSync(join(path, '..'), { recursive: true });
    expect(linesOf(log)).toEqual([]);
  });

  it('are the last ones of a long log, each whole', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rollcall-log-')), 'x.log');
    const log = openLog(path);
    closeLog(log);
    const all = Array.from({ length: 20_000 }, (_, n) => `line ${n}`);
    writeFileSync(path, `${all.join('\n')}\n`);
    const lines = linesOf(log);
    expect(lines.length).toBeLessThan(all.length);
    expect(lines).toEqual(all.slice(-lines.length));
    rmSync(join(path, '..'), { recursive: true });
  });
});

describe('lastErrorLine', () => {
  it('finds the fatal line among what follows it, without time and process', () => {
    const lines = [
      '2026-01-05 08:00:00.000 UTC [7] LOG:  starting PostgreSQL 18.4',
      '2026-01-05 08:00:00.001 UTC [7] FATAL:  could not create any TCP/IP sockets',
      '2026-01-05 08:00:00.002 UTC [7] LOG:  database system is shut down',
    ];
    expect(lastErrorLine(lines)).toBe('could not create any TCP/IP sockets');
  });

  it("reads initdb's errors, and is empty for nothing", () => {
    expect(lastErrorLine(['initdb: error: could not create directory "/x": Permission denied'])).toBe(
      'could not create directory "/x": Permission denied',
    );
    expect(lastErrorLine([])).toBe('');
  });
});
