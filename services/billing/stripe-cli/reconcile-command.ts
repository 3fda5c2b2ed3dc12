import { readArguments, StartupError, timeOf } from '@rollcall/runtime';
import type { RunTerms } from '../reconcile/reconcile-store.ts';
import { Faults, wholeNumber } from './read-arguments.ts';

const DEFAULT_RATE = 20;

/** What --help prints. */
export const RECONCILE_HELP = `npm run stripe -- reconcile --since TIME [options]

--since   a day (2026-11-01, UTC) or a time (2026-11-01T12:00:00Z): what was made at Stripe since then
--until   and before then; default: now
--repair  brings what is here to where it stands at Stripe, by the code that applies events; default: only tells
--rate    most requests to Stripe in a second; default ${DEFAULT_RATE}
--json    tells everything as one JSON object

Compares payment intents, charges, refunds, disputes, subscriptions, customers and invoices. A run that is cut off (Stripe
asks to come back later, Ctrl-C) keeps what it did: the same call goes on there. Its last line begins with COMPLETE or INCOMPLETE.

exit code  0  complete, and nothing differs or all is repaired
           1  it could not begin, or failed
           2  INCOMPLETE: nothing is said of what was not reached
           3  complete, and something differs

Needs STRIPE_API_KEY, and STRIPE_API_BASE where Stripe is somewhere else. The database is found by BILLING_DATABASE_URL, else it is
that of npm start.
`;

/** What to compare, and how. */
export interface ReconcileCommand {
  readonly terms: RunTerms;
  readonly ratePerS: number;
  readonly asJson: boolean;
}

const OPTIONS = {
  since: { type: 'string' },
  until: { type: 'string' },
  repair: { type: 'boolean' },
  rate: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Reads the command. Throws StartupError naming every fault at once, one line each. */
export function readReconcileCommand(args: readonly string[], now: Date): ReconcileCommand {
  const { values, positionals } = readArguments(args, OPTIONS);
  const faults = new Faults();
  if (positionals.length > 0) faults.add(`"${positionals[0]}" is one argument too many`);
  const since = faults.read('since', values.since, timeOf);
  const until = faults.read('until', values.until, timeOf);
  const ratePerS = faults.read('rate', values.rate, wholeNumber(1, 1000)) ?? DEFAULT_RATE;
  if (values.since === undefined) faults.add('--since is missing: from when on to compare');
  if (since && since >= (until ?? now)) faults.add('--since must be before --until, and before now');
  faults.throwIfAny();
  if (!since) throw new StartupError('--since is missing');
  return {
    terms: { since, until, repair: values.repair === true },
    ratePerS,
    asJson: values.json === true,
  };
}
