import { parseTime, readArguments, StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { Snapshots, StripeGateway } from '../payments/stripe-gateway.ts';
import { createPostgresReconcileStore } from '../postgres/reconcile-store.ts';
import { DRIFT_CLASSES } from '../reconcile/drift.ts';
import { createPacer } from '../reconcile/pacer.ts';
import { type ReconcileResult, reconcile } from '../reconcile/reconcile.ts';
import type { FoundDrift, RunTerms } from '../reconcile/reconcile-ports.ts';
import { type CommandOutput, Faults, wholeNumber } from './command-line.ts';

const DEFAULT_RATE = 20;

/** The text of --help. */
export const RECONCILE_HELP = `npm run stripe -- reconcile --since TIME [options]

--since   a day (2026-11-01, UTC) or a time (2026-11-01T12:00:00Z): compares objects created since then
--until   and before then; default: now
--repair  applies Stripe's objects to the ledger, by the code that applies events; default: only prints
--rate    maximum number of requests to Stripe per second; default ${DEFAULT_RATE}
--json    prints one JSON object

Compares payment intents, charges, refunds, disputes, subscriptions, customers and invoices. A run that is cut off (rate
limit, Ctrl-C) keeps its progress: an equal call continues there. The last line begins with COMPLETE or INCOMPLETE.

exit code  0  complete, without differences or with all repaired
           1  failed
           2  INCOMPLETE: the rest is unknown
           3  complete, with differences

Needs STRIPE_API_KEY, and STRIPE_API_BASE for another address than Stripe's. The database is that of
BILLING_DATABASE_URL, or else that of npm start.
`;

interface ReconcileCommand {
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

/**
 * Reads the command line.
 * @throws StartupError with all faults, one line each.
 */
export function readReconcileCommand(args: readonly string[], now: Date): ReconcileCommand {
  const { values, positionals } = readArguments(args, OPTIONS);
  const faults = new Faults();
  if (positionals.length > 0) faults.add(`"${positionals[0]}" is one argument too many`);
  const since = faults.read('since', values.since, parseTime);
  const until = faults.read('until', values.until, parseTime);
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

/** The dependencies of the command. */
interface ReconcileTools extends CommandOutput {
  readonly pool: Pool;
  readonly gateway: StripeGateway;
  readonly snapshots: Snapshots;
  /** Stops the run after the current objects. */
  readonly signal: AbortSignal;
  /**
   * The maximum number of attempts of one request while Stripe is unavailable.
   * @defaultValue 6
   */
  readonly maxAttempts?: number;
  /**
   * The maximum delay between two attempts, in ms.
   * @defaultValue 60000
   */
  readonly maxWaitMs?: number;
}

/** Runs the comparison and prints the result. Returns the exit code. */
export async function runReconcile(command: ReconcileCommand, tools: ReconcileTools): Promise<number> {
  const { pool, gateway, snapshots, signal, write, maxAttempts = 6, maxWaitMs = 60_000 } = tools;
  const { terms, ratePerS, asJson } = command;
  const result = await reconcile(
    {
      gateway,
      snapshots,
      store: createPostgresReconcileStore(pool),
      pace: createPacer({ ratePerS, maxAttempts, maxWaitMs, signal }),
    },
    terms,
  );
  if (asJson) write(resultAsJson(result));
  else write(`${result.isResumed ? 'goes on with a run that was cut off\n' : ''}${describeResult(result)}`);
  return exitCodeOf(result);
}

// Readable in a terminal; --json prints all.
const MOST_SHOWN = 50;

/** The exit code of a result. */
function exitCodeOf({ cutOff, drifts }: ReconcileResult): number {
  if (cutOff) return 2;
  return drifts.every(({ repaired }) => repaired) ? 0 : 3;
}

/** Formats a result as text. The last line says whether the run is complete. */
function describeResult(result: ReconcileResult): string {
  const { drifts, objects, since, until, cutOff } = result;
  const shown = drifts.slice(0, MOST_SHOWN).map(describeDrift);
  const more = drifts.length - shown.length;
  const lines = [
    ...shown,
    ...(more > 0 ? [`and ${more} more, which --json prints`] : []),
    ...countsOf(drifts),
    `${objects} objects from ${since.toISOString()} to ${until.toISOString()}`,
    cutOff
      ? `INCOMPLETE (${cutOff.why}): ${cutOff.message} The same call goes on where this one stopped.`
      : `COMPLETE: ${drifts.length === 0 ? 'nothing differs' : `${left(drifts)} of ${drifts.length} differences are left`}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Formats a result as JSON. */
function resultAsJson(result: ReconcileResult): string {
  const { cutOff, since, until, objects, drifts, isResumed } = result;
  const counts = Object.fromEntries(
    DRIFT_CLASSES.map((each) => [each, drifts.filter((drift) => drift.class === each).length]),
  );
  const report = {
    complete: cutOff === undefined,
    why: cutOff?.why ?? null,
    resumed: isResumed,
    since,
    until,
    objects,
    counts,
    left: left(drifts),
    drifts,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function left(drifts: readonly FoundDrift[]): number {
  return drifts.filter(({ repaired }) => !repaired).length;
}

function describeDrift({ class: driftClass, kind, id, here, there, repaired, note }: FoundDrift): string {
  const about = [repaired ? 'repaired' : '', note].filter(Boolean).join('; ');
  return `${driftClass} ${kind} ${id}: here ${here}; at Stripe ${there}${about && ` (${about})`}`;
}

function countsOf(drifts: readonly FoundDrift[]): string[] {
  return DRIFT_CLASSES.flatMap((each) => {
    const of = drifts.filter((drift) => drift.class === each);
    const repaired = of.length - left(of);
    return of.length > 0 ? [`${each}: ${of.length}${repaired > 0 ? `, ${repaired} repaired` : ''}`] : [];
  });
}
