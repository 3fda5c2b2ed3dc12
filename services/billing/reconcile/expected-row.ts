import { DISPUTE_STATES } from '../ledger/payment-states.ts';
import type { StripeKind } from '../ledger/stripe-object.ts';
import type { Drift, Fields, LedgerObject } from './drift.ts';

/** Kinds of which each object must have a row of its own. */
const WITH_ROW: ReadonlySet<StripeKind> = new Set(['payment_intent', 'refund', 'dispute']);

/**
 * Where the row of an object does not follow from it.
 * @param there what Stripe says of it now
 */
export function compareRow(about: Pick<Drift, 'kind' | 'id'>, { row }: LedgerObject, there: Fields): Drift[] {
  if (!row) {
    if (!WITH_ROW.has(about.kind)) return [];
    return [{ ...about, class: 'missing_here', here: 'no row', there: `status ${there.status}` }];
  }
  const states = statesFor(about.kind, there);
  const drifts: Drift[] = [];
  if (states && !states.includes(String(row.state)))
    drifts.push({
      ...about,
      class: 'state_differs',
      here: `row ${row.state}`,
      there: `status ${there.status}`,
    });
  const differing = Object.entries(amountsFor(about.kind, there)).filter(
    ([field, amount]) => field in row && Number(row[field]) !== amount,
  );
  if (differing.length > 0)
    drifts.push({
      ...about,
      class: 'amount_differs',
      here: `row ${differing.map(([field]) => `${field} ${row[field]}`).join(', ')}`,
      there: differing.map(([field, amount]) => `${field} ${amount}`).join(', '),
    });
  return drifts;
}

const SUCCEEDED = ['SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED'];

/** The states that a row may be in; undefined: this kind has none. */
function statesFor(kind: StripeKind, { status }: Fields): readonly string[] | undefined {
  const name = String(status);
  switch (kind) {
    case 'payment_intent':
      return INTENT_STATES.get(name) ?? ['PENDING'];
    case 'dispute':
      return [DISPUTE_STATES.get(name) ?? ''];
    case 'refund':
    case 'subscription':
      return [name.toUpperCase()];
    default:
      return undefined;
  }
}

const INTENT_STATES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<readonly string[]>({
    succeeded: SUCCEEDED,
    canceled: ['CANCELED'],
    processing: ['PROCESSING'],
    requires_capture: ['AUTHORIZED'],
  }),
);

function amountsFor(kind: StripeKind, fields: Fields): Record<string, number> {
  if (kind === 'payment_intent')
    return {
      amount: Number(fields.amount),
      ...(fields.status === 'succeeded' && { captured: Number(fields.amount_received) }),
    };
  if (kind === 'refund' || kind === 'dispute') return { amount: Number(fields.amount) };
  return {};
}
