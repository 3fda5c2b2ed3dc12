import { describe, expect, it } from 'vitest';
import { MAX_RESPONSE_BYTES, maxRowBytes, toPage } from './page.ts';

const rows = Array.from({ length: 5 }, (_, at) => ({ id: `id-${at}`, createTime: new Date(1000 - at) }));

describe('toPage', () => {
  it('has a next position exactly when more rows follow', () => {
    expect(toPage(rows, 5, () => 1)).toEqual({ rows });
    expect(toPage(rows, 4, () => 1)).toEqual({ rows: rows.slice(0, 4), next: { timeMs: 997, id: 'id-3' } });
    expect(toPage([], 4, () => 1)).toEqual({ rows: [] });
  });

  it('ends before the response is too large, after at least one row', () => {
    const third = () => MAX_RESPONSE_BYTES / 3 + 1;
    expect(toPage(rows, 5, third)).toEqual({ rows: rows.slice(0, 2), next: { timeMs: 999, id: 'id-1' } });
    expect(toPage(rows, 5, () => 2 * MAX_RESPONSE_BYTES).rows).toHaveLength(1);
  });
});

describe('maxRowBytes', () => {
  it('is at least the size in UTF-8', () => {
    for (const text of ['plain', 'ŁłŻ', '日本語', '🎡🎢']) {
      expect(maxRowBytes([text]) - maxRowBytes([])).toBeGreaterThanOrEqual(Buffer.byteLength(text));
    }
  });
});
