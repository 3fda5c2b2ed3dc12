import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toMarkdownPage, writeJson } from './report-files.ts';
import { toResultRow } from './result-row.ts';
import { toSpread } from './stats.ts';

const row = toResultRow('client', 'hit', {
  value: toSpread([1, 2, 3]),
  unit: 'gets/s',
  peer: { name: 'other', value: toSpread([4]) },
  target: { of: 'ratio', bound: 'at least', figure: 0.5 },
});

describe('the files', () => {
  it('hold an array of rows as JSON', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
    try {
      const file = join(directory, 'rows.json');
      writeJson(file, [row]);
      const [read, ...others] = JSON.parse(readFileSync(file, 'utf8'));
      expect(others).toEqual([]);
      expect(read).toMatchObject({
        suite: 'client',
        case: 'hit',
        value: 2,
        unit: 'gets/s',
        peer: 'other',
        peerValue: 4,
        ratio: 0.5,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('hold a page for each run, with the machine and a table for each suite', () => {
    const page = toMarkdownPage([row], ['2 cores', 'load']);
    expect(page).toContain('- 2 cores\n- load\n');
    expect(page).toContain('## client\n\n| case | value |');
    expect(page).toContain('| hit | 2 | gets/s | other | 4 | 0.50 | ≥ 0.5 | reached |');
  });
});
