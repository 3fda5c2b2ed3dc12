import { currencyOf, type Currency as KnownCurrency } from '@rollcall/contract/currencies';
import { ImportFault } from '../import-fault.ts';

/** A currency that amounts are written in. */
export type Currency = Pick<KnownCurrency, 'code' | 'decimals'>;

/** The currency of a code in any letter case. Throws ImportFault where there is none. */
export function readCurrency(text: string): Currency {
  const known = currencyOf(text.toUpperCase());
  if (known) return { code: known.code, decimals: known.decimals };
  throw new ImportFault(`--currency "${text}" is not a currency: give its ISO 4217 code, such as EUR`);
}
