import { DISPUTE_STATES } from '../ledger/payment-states.ts';
import type { StripeKind } from '../ledger/stripe-object.ts';
import type { Drift, Fields, LedgerObject } from './drift.ts';

/** Kinds whose objects must each have a row. */
const WITH_ROW: ReadonlySet<StripeKind> = new Set(['payment_intent', 'refund', 'dispute']);

/**
 * Finds the differences between a row and the row that its object implies.
 * @param there the fields at Stripe now
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

/** The possible states of a row; undefined when rows of this kind have no state. */
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
