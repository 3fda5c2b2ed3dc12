import { LedgerError } from './ledger-error.ts';
import type { FieldsOf } from './stripe-fields.ts';
import type { StripeKind } from './stripe-object.ts';

/** The sort key of a snapshot among those of one object. The first field that differs decides. */
export interface OrderKey {
  /** The progress of the object in its lifecycle. Stripe never goes back to a lower tier. */
  readonly tier: number;
  /** The time of the snapshot by Stripe, in s since 1970. */
  readonly asOf: number;
  /** The certain order within one second. */
  readonly step: number;
  /** The likely order within one second. It decides, but does not make the choice certain: see `isTie`. */
  readonly guess: number;
  /** The digest of the fields, which makes the choice deterministic. */
  readonly digest: string;
}

/**
 * Compares two keys: negative when `a` is older, 0 when the fields are equal, positive when `a` is newer.
 */
export function compareKeys(a: OrderKey, b: OrderKey): number {
  return compareCertain(a, b) || a.guess - b.guess || compareText(a.digest, b.digest);
}

/** Whether two snapshots differ and their order is uncertain. */
export function isTie(a: OrderKey, b: OrderKey): boolean {
  return compareCertain(a, b) === 0 && a.digest !== b.digest;
}

function compareCertain(a: OrderKey, b: OrderKey): number {
  return a.tier - b.tier || a.asOf - b.asOf || a.step - b.step;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The part of an order key that depends on the object's fields and on the type of the event. */
interface LifecyclePosition {
  readonly tier: number;
  readonly step: number;
  readonly guess: number;
}

/** The lifecycle of a kind: the tier of each status, and the order within one second. */
interface Lifecycle<K extends StripeKind> {
  readonly tierOf: (fields: FieldsOf[K]) => number | undefined;
  /** A count that only grows, 0 or more. The event that created the object is first in any case. */
  readonly growsWith: (fields: FieldsOf[K]) => number;
  readonly guess: (fields: FieldsOf[K]) => number;
}

const INTENT = {
  requires_payment_method: { tier: 0, guess: 0 },
  requires_confirmation: { tier: 0, guess: 1 },
  requires_action: { tier: 0, guess: 2 },
  processing: { tier: 0, guess: 3 },
  requires_capture: { tier: 1, guess: 0 },
  canceled: { tier: 2, guess: 0 },
  succeeded: { tier: 3, guess: 0 },
};
// An intent asks for another payment method after a failed attempt, as before the first one.
const AFTER_FAILURE = 4;

const REFUND = {
  requires_action: { tier: 0, guess: 0 },
  pending: { tier: 0, guess: 1 },
  succeeded: { tier: 1, guess: 0 },
  canceled: { tier: 2, guess: 0 },
  failed: { tier: 3, guess: 0 },
};

// A decided dispute may be appealed and decided again, so that only the time orders these.
const DISPUTE = {
  warning_needs_response: { tier: 0, guess: 0 },
  warning_under_review: { tier: 0, guess: 1 },
  warning_closed: { tier: 1, guess: 0 },
  needs_response: { tier: 2, guess: 0 },
  under_review: { tier: 3, guess: 0 },
  prevented: { tier: 4, guess: 0 },
  charge_refunded: { tier: 4, guess: 0 },
  appeal_needs_response: { tier: 4, guess: 1 },
  appeal_under_review: { tier: 4, guess: 2 },
  won: { tier: 4, guess: 3 },
  lost: { tier: 4, guess: 4 },
};

const SUBSCRIPTION = {
  incomplete: { tier: 0, guess: 0 },
  trialing: { tier: 1, guess: 0 },
  active: { tier: 1, guess: 1 },
  past_due: { tier: 1, guess: 2 },
  unpaid: { tier: 1, guess: 3 },
  paused: { tier: 1, guess: 4 },
  incomplete_expired: { tier: 2, guess: 0 },
  canceled: { tier: 2, guess: 1 },
};

const INVOICE = {
  draft: { tier: 0, guess: 0 },
  open: { tier: 1, guess: 0 },
  uncollectible: { tier: 2, guess: 0 },
  void: { tier: 3, guess: 0 },
  paid: { tier: 4, guess: 0 },
};

type Statuses = Readonly<Record<string, { readonly tier: number; readonly guess: number }>>;
const at = (statuses: Statuses, status: string) =>
  Object.hasOwn(statuses, status) ? statuses[status] : undefined;
const tierIn = (statuses: Statuses) => (fields: { status: string }) => at(statuses, fields.status)?.tier;
const guessIn = (statuses: Statuses) => (fields: { status: string }) =>
  at(statuses, fields.status)?.guess ?? 0;
const nothing = () => 0;

const LIFECYCLES: { readonly [K in StripeKind]: Lifecycle<K> } = {
  payment_intent: {
    tierOf: tierIn(INTENT),
    growsWith: nothing,
    guess: (fields) =>
      fields.status === 'requires_payment_method' && fields.failure_code
        ? AFTER_FAILURE
        : guessIn(INTENT)(fields),
  },
  charge: {
    tierOf: ({ status, captured }) =>
      status === 'pending'
        ? 0
        : status === 'failed'
          ? 1
          : status === 'succeeded'
            ? captured
              ? 3
              : 2
            : undefined,
    growsWith: nothing,
    guess: (fields) => fields.amount_captured + fields.amount_refunded,
  },
  refund: { tierOf: tierIn(REFUND), growsWith: nothing, guess: guessIn(REFUND) },
  dispute: { tierOf: tierIn(DISPUTE), growsWith: (fields) => fields.movements, guess: guessIn(DISPUTE) },
  customer: { tierOf: ({ deleted }) => (deleted ? 1 : 0), growsWith: nothing, guess: nothing },
  subscription: { tierOf: tierIn(SUBSCRIPTION), growsWith: nothing, guess: guessIn(SUBSCRIPTION) },
  invoice: { tierOf: tierIn(INVOICE), growsWith: nothing, guess: guessIn(INVOICE) },
};

// Types of the event that creates an object. It is the first one, whatever its time.
const FIRST = /\.(created|pending)$|^charge\.(succeeded|failed)$/;

/**
 * Positions the snapshot of an event in the lifecycle of its object.
 * @throws LedgerError STATUS_UNKNOWN when the status is in no table.
 */
export function lifecyclePosition<K extends StripeKind>(
  kind: K,
  fields: FieldsOf[K],
  eventType: string,
): LifecyclePosition {
  const lifecycle: Lifecycle<K> = LIFECYCLES[kind];
  const tier = lifecycle.tierOf(fields);
  if (tier === undefined) throw new LedgerError('STATUS_UNKNOWN', `The status of this ${kind} is not known.`);
  const isFirst = FIRST.test(eventType);
  return { tier, step: 2 * lifecycle.growsWith(fields) + (isFirst ? 0 : 1), guess: lifecycle.guess(fields) };
}
