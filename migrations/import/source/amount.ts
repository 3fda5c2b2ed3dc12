import { currencyOf, type Currency as KnownCurrency } from '@rollcall/contract/currencies';
import { ImportFault } from '../import-fault.ts';

// Nine digits before the point: with 9,999 units and four decimals still far below the wire's 64 bits.
const DECIMAL = /^([+-]?)(\d{1,9})(?:\.(\d{1,15}))?$/;

/**
 * Multiplies a rate by a number of units, in minor units of the currency. Whole-number arithmetic; halves
 * round away from zero.
 * @returns undefined when the rate is no decimal number
 */
export function toMinorUnits(rate: string, units: number, { decimals }: Currency): bigint | undefined {
  const [, sign = '', whole, fraction = ''] = DECIMAL.exec(rate.trim()) ?? [];
  if (whole === undefined) return undefined;
  const size = BigInt(whole + fraction) * BigInt(units);
  const surplus = fraction.length - decimals;
  const minor = surplus > 0 ? divideRounding(size, 10n ** BigInt(surplus)) : size * 10n ** BigInt(-surplus);
  return sign === '-' ? -minor : minor;
}

function divideRounding(size: bigint, by: bigint): bigint {
  return (2n * size + by) / (2n * by);
}

/** A currency that amounts are written in. */
export type Currency = Pick<KnownCurrency, 'code' | 'decimals'>;

/** Returns the currency of a code in any letter case. @throws ImportFault when the code is no currency */
export function readCurrency(text: string): Currency {
  const known = currencyOf(text.toUpperCase());
  if (known) return { code: known.code, decimals: known.decimals };
  throw new ImportFault(`--currency "${text}" is not a currency: give its ISO 4217 code, such as EUR`);
}
