import { DISPUTE_STATES } from '../ledger/payment-states.ts';
import type { StripeKind } from '../ledger/stripe-object.ts';

/** Classes of differences between Stripe and the ledger. */
export const DRIFT_CLASSES = [
  'missing_here',
  'missing_there',
  'state_differs',
  'amount_differs',
  'owner_differs',
  'other_differs',
  'not_understood',
] as const;

/** One of `DRIFT_CLASSES`. */
type DriftClass = (typeof DRIFT_CLASSES)[number];

/** A difference between Stripe and the ledger. */
export interface Drift {
  readonly kind: StripeKind;
  /** Stripe's id: "pi_…". */
  readonly id: string;
  readonly class: DriftClass;
  /** The value in the ledger, in a few words. It never holds contact data. */
  readonly here: string;
  /** The value at Stripe. */
  readonly there: string;
}

/** The stored fields of an object: ids, codes, amounts, times. */
export type Fields = Readonly<Record<string, unknown>>;

/** The ledger's data of an object. */
export interface LedgerObject {
  /** The fields of the snapshot. Null: the ledger has no snapshot. */
  readonly fields: Fields | null;
  /** The row derived from it. Null: there is no row. */
  readonly row: Fields | null;
}

const CLASS_OF_FIELD: ReadonlyMap<string, DriftClass> = new Map(
  Object.entries<DriftClass>({
    status: 'state_differs',
    deleted: 'state_differs',
    captured: 'state_differs',
    amount: 'amount_differs',
    amount_received: 'amount_differs',
    amount_captured: 'amount_differs',
    amount_refunded: 'amount_differs',
    currency: 'amount_differs',
    movements: 'amount_differs',
    withdrawn: 'amount_differs',
    tenant_id: 'owner_differs',
    user_id: 'owner_differs',
    booking_id: 'owner_differs',
  }),
);

/** Compares the fields of two objects: one difference of each class, with the names of the fields. */
export function compareFields(about: Pick<Drift, 'kind' | 'id'>, here: Fields, there: Fields): Drift[] {
  const fields = [...new Set([...Object.keys(here), ...Object.keys(there)])];
  const differing = fields.filter((field) => textOf(here[field]) !== textOf(there[field]));
  const byClass = Map.groupBy(differing, (field) => CLASS_OF_FIELD.get(field) ?? 'other_differs');
  return [...byClass].map(([driftClass, of]) => ({
    ...about,
    class: driftClass,
    here: describe(here, of),
    there: describe(there, of),
  }));
}

function describe(fields: Fields, names: readonly string[]): string {
  return names.map((name) => `${name} ${textOf(fields[name])}`).join(', ');
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? 'none' : String(value);
}

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
