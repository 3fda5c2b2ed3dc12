import { describe, expect, it } from 'vitest';
import { toResultRow } from './result-row.ts';
import { toSpread } from './stats.ts';
import { renderMarkdownTable, renderTable, showFigure } from './table.ts';

const rows = [
  toResultRow('client', 'hit', {
    value: toSpread([5_000_000, 6_000_000]),
    unit: 'gets/s',
    peer: { name: 'lru-cache', value: toSpread([10_000_000, 10_000_000]) },
    target: { of: 'ratio', bound: 'at least', figure: 0.5 },
  }),
  toResultRow('client', 'invalidation', { notMeasured: 'no stream' }),
];

describe('the table', () => {
  it('has columns, with rounds and notes below', () => {
    expect(renderTable(rows)).toBe(
      [
        'case          value  unit    peer       peer value  ratio  target',
        '------------  -----  ------  ---------  ----------  -----  ------  ------------',
        'hit           5.5 M  gets/s  lru-cache        10 M   0.55   ≥ 0.5  reached',
        'invalidation      –  –       –                   –      –       –  not measured',
        '',
        'hit: 2 rounds, 5 M to 6 M, peer 10 M to 10 M',
        'invalidation: not measured: no stream',
      ].join('\n'),
    );
  });

  it('is a Markdown table too', () => {
    const lines = renderMarkdownTable(rows).split('\n');
    expect(lines[1]).toBe('| --- | ---: | --- | --- | ---: | ---: | ---: | --- |');
    expect(lines[2]).toBe('| hit | 5.5 M | gets/s | lru-cache | 10 M | 0.55 | ≥ 0.5 | reached |');
    expect(lines.at(-1)).toBe('- `invalidation`: not measured: no stream');
  });
});

describe('a figure', () => {
  it('has three significant digits and a sign for its size', () => {
    const shown = [0.1234, 1.5, 12.345, 999, 1000, 25_460, 1_000_000, 31_234_567].map(showFigure);
    expect(shown).toEqual(['0.123', '1.5', '12.3', '999', '1 k', '25.5 k', '1 M', '31.2 M']);
    expect(showFigure(null)).toBe('–');
  });
});
