import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';

const hex = (value: unknown) => Buffer.from(digestOf(value)).toString('hex');

describe('digestOf', () => {
  it('does not mind the order of keys, at any depth, nor keys without a value', () => {
    expect(hex({ b: 1n, a: { d: 2, c: [3] }, e: undefined })).toBe(hex({ a: { c: [3], d: 2 }, b: 1n }));
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
  ])('tells %j from %j', (one, other) => {
    expect(hex(one)).not.toBe(hex(other));
  });
});
