import { ImportFault } from '../import-fault.ts';

/** A currency that amounts are written in. */
export interface Currency {
  /** ISO 4217 code: "EUR". */
  readonly code: string;
  /** Decimals of its smallest unit: 2 for EUR. */
  readonly decimals: number;
}

// ISO 4217, list one, as of 2026: every currency whose minor unit is not a hundredth. Intl follows CLDR, which differs.
const DECIMALS: ReadonlyMap<string, number> = new Map([
  ...decimals(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...decimals(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...decimals(4, 'CLF UYW'),
]);

/** The currency of a code in any letter case. Throws ImportFault where there is none. */
export function readCurrency(text: string): Currency {
  const code = text.toUpperCase();
  if (Intl.supportedValuesOf('currency').includes(code)) return { code, decimals: DECIMALS.get(code) ?? 2 };
  throw new ImportFault(`--currency "${text}" is not a currency: give its ISO 4217 code, such as EUR`);
}

function decimals(count: number, codes: string): (readonly [code: string, count: number])[] {
  return codes.split(' ').map((code) => [code, count] as const);
}
