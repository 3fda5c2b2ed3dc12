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
