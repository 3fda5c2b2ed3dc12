import { describe, expect, it } from 'vitest';
import { showValue } from './show-value.ts';

describe('showValue', () => {
  it.each([
    ['x', "'x'"],
    ['x'.repeat(99), `'${'x'.repeat(80)}…'`],
    [5, '5'],
    [Number.NaN, 'NaN'],
    [5n, '5n'],
    [10n ** 99n, `1${'0'.repeat(79)}…`],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [[1], 'an array'],
    [Object.create(null), 'an object'],
    [() => 5, 'a function'],
  ])('formats any value in few characters (%#)', (value, shown) => {
    expect(showValue(value)).toBe(shown);
  });
});
