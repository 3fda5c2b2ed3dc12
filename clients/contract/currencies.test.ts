import { create, getOption } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, it } from 'vitest';
import { CURRENCIES, currencyOf, formatUnits } from './currencies.ts';
import { MoneySchema } from './index.ts';
import { fieldRules } from './rules.ts';

const codesOf = (decimals: number) =>
  [...CURRENCIES.values()].filter((each) => each.decimals === decimals && each.kind !== 'withdrawn');

describe('CURRENCIES', () => {
  // List one of ISO 4217 as of 2026-01-01 has 165 codes with a smallest unit.
  it.each([
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
    [4, 'CLF UYW'],
  ])('money-units: has the currencies of ISO 4217 with %i decimals', (decimals, codes) => {
    const found = codesOf(decimals).map(({ code }) => code);
    expect(found.sort().join(' ')).toBe(codes);
  });

  it('money-units: has 139 other currencies with two decimals', () => {
    expect(codesOf(2)).toHaveLength(139);
    expect(CURRENCIES.size).toBe(165 + 12);
  });

  it('money-units: has the currencies of Node, except units of account without a smallest unit', () => {
    const unknown = Intl.supportedValuesOf('currency').filter((code) => !currencyOf(code));
    expect(unknown).toEqual(['XDR', 'XSU']);
  });

  it.each(['XAU', 'XXX', 'XTS', 'eur', 'EURO', '', 'constructor'])('has no currency "%s"', (code) => {
    expect(currencyOf(code)).toBeUndefined();
  });
});

describe('Money in requests', () => {
  it('money-units: accepts the currencies of the table and no others', () => {
    const [rule] = getOption(fieldOf('currency_code'), fieldRules).cel;
    const named = rule?.expression.match(/[A-Z]{3}/g);
    expect(named).toEqual([...CURRENCIES.keys()].sort());
  });

  it.each([
    ['EUR', true],
    ['HRK', true],
    ['ZZZ', false],
    ['XXX', false],
    ['XAU', false],
    ['eur', false],
    ['EURO', false],
    ['EUR\n', false],
    ['', false],
  ])('money-units: checks the currency %j', (currencyCode, isTaken) => {
    const money = create(MoneySchema, { currencyCode, minorUnits: 1n });
    expect(createValidator().validate(MoneySchema, money).kind).toBe(isTaken ? 'valid' : 'invalid');
  });
});

describe('formatUnits', () => {
  it.each([
    [1999n, 2, '19.99'],
    [5n, 2, '0.05'],
    [0n, 2, '0.00'],
    [5400n, 0, '5400'],
    [1999n, 3, '1.999'],
    [-5n, 4, '-0.0005'],
    [2n ** 63n - 1n, 2, '92233720368547758.07'],
  ])('money-units: formats %i units with %i decimals as %s', (units, decimals, text) => {
    expect(formatUnits(units, decimals)).toBe(text);
  });
});

function fieldOf(name: string) {
  const field = MoneySchema.fields.find((each) => each.name === name);
  if (!field) throw new Error(`Money has no field ${name}`);
  return field;
}
