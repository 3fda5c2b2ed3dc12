import { parseArgs } from 'node:util';
import { ImportFault } from './import-fault.ts';
import { requireTenant } from './plan/field-faults.ts';
import { type Currency, readCurrency } from './source/amount.ts';
import { KINDS, kindOf } from './source/open-source.ts';
import type { SourceKind } from './source/source-kind.ts';

/** Arguments of `npm run import`. */
export interface ImportArguments {
  readonly kindName: string;
  readonly kind: SourceKind;
  /** Path as given. */
  readonly path: string;
  readonly tenantId: string;
  readonly currency: Currency;
  /** Path as given, or `import-report-<kind>-<tenant>.csv`. */
  readonly reportPath: string;
}

/** Tenant of the sample data. */
export const DEFAULT_TENANT = 'demo';
const DEFAULT_CURRENCY = 'EUR';

/** Text of `npm run import -- --help`. */
export const HELP = `npm run import -- KIND PATH [--tenant T] [--currency C] [--report FILE]

Reads a file of bookings into the running services: every row becomes a booking, every person with a usable e-mail address
one user, linked. Running it again changes nothing; after an interruption it goes on.

KIND  what is in the file:
${Object.entries(KINDS)
  .map(([name, { doc }]) => `      ${name}: ${doc}`)
  .join('\n')}
PATH  a CSV file in UTF-8 or UTF-16 with a header line, separated by ; , | or tabs

--tenant T     the tenant that users and bookings belong to (default ${DEFAULT_TENANT})
--currency C   the currency of the file's amounts, by ISO 4217 code (default ${DEFAULT_CURRENCY})
--report FILE  where to list the rows that were not linked or not imported
               (default import-report-KIND-TENANT.csv in the current folder)
`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  tenant: { type: 'string', default: DEFAULT_TENANT },
  currency: { type: 'string', default: DEFAULT_CURRENCY },
  report: { type: 'string' },
} as const;

/** Reads the arguments. @returns `help` when that was asked for @throws ImportFault when one is wrong */
export function readArguments(args: readonly string[]): ImportArguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [kindName, path, ...more] = positionals;
  if (kindName === undefined) throw new ImportFault(`Which kind of file? ${USAGE}`);
  const kind = kindOf(kindName);
  if (path === undefined) throw new ImportFault(`Which file? ${USAGE}`);
  if (more.length > 0) throw new ImportFault(`One file at a time, and not also ${more.join(' ')}. ${USAGE}`);
  const { tenant: tenantId, report } = values;
  requireTenant(tenantId);
  return {
    kindName,
    kind,
    path,
    tenantId,
    currency: readCurrency(values.currency),
    reportPath: report || `import-report-${kindName}-${tenantId}.csv`,
  };
}

const USAGE = `Give npm run import -- KIND PATH, where KIND is one of ${Object.keys(KINDS).join(', ')}; --help says more`;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Node's own message names the option. Some have a second line of advice.
    const [why = ''] = (error as Error).message.split(/\. |\n/);
    throw new ImportFault(`${why}. ${USAGE}`, { cause: error });
  }
}
