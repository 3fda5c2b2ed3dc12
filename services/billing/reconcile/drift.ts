import type { StripeKind } from '../ledger/stripe-object.ts';

/** How an object at Stripe and what is here can disagree. */
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

/** One disagreement. */
export interface Drift {
  readonly kind: StripeKind;
  /** Stripe's: "pi_…". */
  readonly id: string;
  readonly class: DriftClass;
  /** What is here, in few words; never contact data. */
  readonly here: string;
  /** What is at Stripe. */
  readonly there: string;
}

/** What is kept of an object: ids, words, amounts, times. */
export type Fields = Readonly<Record<string, unknown>>;

/** What is here of an object. */
export interface LedgerObject {
  /** What was kept of it; null: it was never told. */
  readonly fields: Fields | null;
  /** The row that follows from it; null: there is none. */
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

/** Where two sets of fields disagree: one drift of each class, naming the fields. */
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
