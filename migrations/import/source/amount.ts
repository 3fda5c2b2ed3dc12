import type { Currency } from './currency.ts';

// Nine digits before the point: with 9,999 units and four decimals still far below the wire's 64 bits.
const DECIMAL = /^([+-]?)(\d{1,9})(?:\.(\d{1,15}))?$/;

/**
 * A rate times a number of units, in the currency's smallest unit, computed in whole numbers only; halves are rounded
 * away from zero. Undefined where the rate is not a decimal number with a point.
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
