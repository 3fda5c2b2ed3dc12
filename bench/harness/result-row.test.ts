import { describe, expect, it } from 'vitest';
import type { Measured } from './bench-case.ts';
import { toFailedRow, toResultRow } from './result-row.ts';
import { toSpread } from './stats.ts';

const measured: Measured = {
  value: toSpread([90, 100, 110]),
  unit: 'gets/s',
  peer: { name: 'other', value: toSpread([190, 200, 230]) },
  target: { of: 'ratio', bound: 'at least', figure: 0.5 },
};

describe('a row', () => {
  it('has the medians, their ratio, the extremes of both and the verdict', () => {
    expect(toResultRow('client', 'hit', measured)).toEqual({
      suite: 'client',
      case: 'hit',
      value: 100,
      unit: 'gets/s',
      peer: 'other',
      peerValue: 200,
      ratio: 0.5,
      min: 90,
      max: 110,
      peerMin: 190,
      peerMax: 230,
      rounds: 3,
      target: '≥ 0.5',
      verdict: 'reached',
      notes: [],
    });
  });

  it('says missed on the wrong side of either kind of target', () => {
    const verdict = (target: Measured['target']) => toResultRow('s', 'c', { ...measured, target }).verdict;
    expect(verdict({ of: 'ratio', bound: 'at least', figure: 0.51 })).toBe('missed');
    expect(verdict({ of: 'ratio', bound: 'at most', figure: 0.5 })).toBe('reached');
    expect(verdict({ of: 'ratio', bound: 'at most', figure: 0.49 })).toBe('missed');
    expect(verdict({ of: 'value', bound: 'at most', figure: 100 })).toBe('reached');
    expect(verdict({ of: 'value', bound: 'at most', figure: 100, alsoHolds: false })).toBe('missed');
  });

  it('has no ratio without a peer, and never reaches a ratio then', () => {
    const { peer: _, ...alone } = measured;
    expect(toResultRow('s', 'c', alone)).toMatchObject({ peer: null, ratio: null, verdict: 'missed' });
  });

  it('says why there are no figures', () => {
    expect(toResultRow('s', 'c', { notMeasured: 'no such call' })).toMatchObject({
      value: null,
      verdict: 'not measured',
      notes: ['not measured: no such call'],
    });
    expect(toFailedRow('s', 'c', new Error('broke'))).toMatchObject({
      verdict: 'failed',
      notes: ['failed: broke'],
    });
  });
});
