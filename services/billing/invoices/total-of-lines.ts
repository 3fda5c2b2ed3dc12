import { BillingError } from '../errors.ts';
import type { Money } from '../money.ts';
import type { InvoiceLine } from './invoice.ts';

/** What lines come to. Throws BillingError LINES_INVALID where they are of several currencies, or come to less than nothing. */
export function totalOfLines(lines: readonly InvoiceLine[]): Money {
  const currencyCode = lines[0]?.amount.currencyCode ?? '';
  const odd = lines.findIndex(({ amount }) => amount.currencyCode !== currencyCode);
  if (odd >= 0)
    throw invalid({
      [`lines[${odd}].amount.currency_code`]: `must be ${currencyCode}, as in the first line`,
    });
  const minorUnits = lines.reduce((sum, { amount }) => sum + amount.minorUnits, 0n);
  if (minorUnits < 0n)
    throw invalid({ lines: `must not come to less than nothing, and come to ${minorUnits}` });
  if (minorUnits > MAX_MINOR_UNITS) throw invalid({ lines: 'come to more than can be counted' });
  return { currencyCode, minorUnits };
}

// What the wire and the database can hold.
const MAX_MINOR_UNITS = 2n ** 63n - 1n;

function invalid(faults: Readonly<Record<string, string>>): BillingError {
  const told = Object.entries(faults).map(([field, fault]) => `${field} ${fault}`);
  return new BillingError('LINES_INVALID', `${told.join('; ')}.`, {
    metadata: { fields: Object.keys(faults).join(',') },
    faults,
  });
}
