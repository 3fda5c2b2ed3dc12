import { readArguments, StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import { fromStripeAmount } from '../money.ts';
import type { CommandOutput } from './command-line.ts';

/** The text of --help. */
export const LIST_HELP = `npm run stripe -- list WHAT [--json]

WHAT  dead            failed events without a next attempt, with the reason
      foreign         events of another mode or account
      unowned         payments without an owner, which no call returns
      unseen          payments with more refunded than the known refunds explain
      held            refunds that do not count, because no known capture covers them
      mixed-currency  refunds and disputes in another currency than their payment, which leaves them out

--json  prints one JSON array

Amounts are in minor units of ISO 4217, as everywhere but in events.

Prints at most 1000 rows, oldest first. The database is that of BILLING_DATABASE_URL, or else that of npm start.
`;

/** The groups of rows that wait for an operator. */
type ListedGroup = 'dead' | 'foreign' | 'unowned' | 'unseen' | 'held' | 'mixed-currency';

interface ListCommand {
  readonly group: ListedGroup;
  readonly asJson: boolean;
}

/**
 * Reads the command line.
 * @throws StartupError when the group is missing or unknown.
 */
export function readListCommand(args: readonly string[]): ListCommand {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
  });
  const [group, ...more] = positionals;
  const isGroup = (text = ''): text is ListedGroup => Object.hasOwn(QUERIES, text);
  if (!isGroup(group) || more.length > 0)
    throw new StartupError(`Say what to list: one of ${Object.keys(QUERIES).join(', ')}; --help says more`);
  return { group, asJson: values.json === true };
}

/** Prints the rows of a group. Returns the exit code 0. */
export async function runList(
  { group, asJson }: ListCommand,
  pool: Pool,
  { write }: CommandOutput,
): Promise<number> {
  const found = await pool.query<Record<string, unknown>>(`${QUERIES[group]} limit ${LIMIT}`);
  const rows = found.rows.map(inMinorUnits);
  if (asJson) write(`${JSON.stringify(rows)}\n`);
  else for (const row of rows) write(`${Object.values(row).map(toText).join('  ')}\n`);
  if (!asJson) write(`${rows.length} ${group}\n`);
  return 0;
}

const LIMIT = 1000;
const AMOUNTS = ['amount', 'captured', 'refunded', 'unseen_refunds'];

// The tables hold amounts in Stripe's unit.
function inMinorUnits(row: Record<string, unknown>): Record<string, unknown> {
  const { currency } = row;
  if (typeof currency !== 'string') return row;
  const amounts = AMOUNTS.filter((name) => name in row).map((name) => {
    const { minorUnits } = fromStripeAmount(currency, BigInt(String(row[name])));
    return [name, String(minorUnits)];
  });
  return { ...row, ...Object.fromEntries(amounts) };
}

function toText(value: unknown): string {
  if (value === null) return '-';
  return value instanceof Date ? value.toISOString() : String(value);
}

const EVENTS = `select id, type, object_id as object, create_time as time, receive_time, last_error as fault
  from stripe_events`;
const PAYMENTS = `select id, stripe_payment_intent_id as stripe_id, state, currency, amount, captured, refunded,
  unseen_refunds, stripe_customer_id as customer, create_time as time from payments`;

const QUERIES: Readonly<Record<ListedGroup, string>> = {
  dead: `${EVENTS} where state = 'failed' and next_attempt_time is null order by receive_time, id`,
  foreign: `${EVENTS} where state = 'foreign' order by receive_time, id`,
  unowned: `${PAYMENTS} where tenant_id is null order by create_time, id`,
  unseen: `${PAYMENTS} where unseen_refunds > 0 order by create_time, id`,
  held: `select r.id, r.stripe_refund_id as stripe_id, r.state, r.currency, r.amount,
      p.stripe_payment_intent_id as payment, r.create_time as time
    from refunds r join payments p on p.id = r.payment_id where r.held order by r.create_time, r.id`,
  'mixed-currency': `select o.id as stripe_id, o.kind, o.payload ->> 'status' as status, o.payload ->> 'currency' as currency,
      o.payload ->> 'amount' as amount, p.stripe_payment_intent_id as payment, p.currency as payment_currency,
      to_timestamp((o.payload ->> 'created')::float8) as time
    from stripe_objects o join payments p on p.stripe_payment_intent_id = o.payment_intent
    where o.kind in ('charge', 'refund', 'dispute') and o.payload ->> 'currency' <> p.currency order by 8, 1`,
};
