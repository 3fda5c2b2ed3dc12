import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileFault } from './file-fault.ts';

const directory = mkdtempSync(join(tmpdir(), 'rollcall-file-fault-'));
afterAll(() => rmSync(directory, { recursive: true }));

function faultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('It went well.');
}

describe('fileFault', () => {
  it('names the path, what is wrong, and the cure, in one line', () => {
    const file = join(directory, 'logs');
    writeFileSync(file, '');
    expect(fileFault(faultOf(() => mkdirSync(file)))).toBe(
      `${file} cannot be used (EEXIST: file already exists, mkdir '${file}'): look what is there, or set ROLLCALL_DATA_DIR to another directory`,
    );
  });

  it('names the cure for a disk that takes no writes, also where the error names no file', () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(fileFault(full)).toBe(
      'A file cannot be written, because the disk is full: make room, or set ROLLCALL_DATA_DIR to another disk',
    );
  });

  it('leaves other errors alone', () => {
    expect(fileFault(new TypeError('x is undefined'))).toBeUndefined();
    expect(
      fileFault(Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' })),
    ).toBeUndefined();
  });
});
