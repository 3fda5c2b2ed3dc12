import { hash } from 'node:crypto';
import type { Origin } from './origin.ts';
import { isRaw, type Raw } from './read-fields.ts';
import { objectIdOf, readStripeFields } from './read-stripe-fields.ts';
import { compareKeys, isTie, lifecyclePosition, type OrderKey } from './snapshot-order.ts';
import type { FieldsOf } from './stripe-fields.ts';
import { STRIPE_KINDS, type StripeKind } from './stripe-object.ts';

/** The stored fields of a Stripe object at one time. */
export interface Snapshot<K extends StripeKind = StripeKind> {
  readonly kind: K;
  readonly id: string;
  readonly key: OrderKey;
  readonly fields: FieldsOf[K];
  /** True: another snapshot of the same time differs, and Stripe must be asked again. */
  readonly ambiguous: boolean;
  /** Absent: unknown, because the row is older than this field. */
  readonly origin?: Origin;
}

/** The type and the time of the event that holds a snapshot. */
interface SnapshotSource {
  /** "charge.refunded". */
  readonly type: string;
  /** In s since 1970. */
  readonly created: number;
}

/**
 * Reads the snapshots in an event: its object, then the objects embedded in it, as older API versions and
 * expanded fields have them.
 * @throws LedgerError when an object is not understood.
 */
export function snapshotsOfEvent(kind: StripeKind, raw: Raw, source: SnapshotSource): Snapshot[] {
  return snapshotsIn({ kind, raw }, source, MOST_LEVELS);
}

function snapshotsIn({ kind, raw }: Embedded, source: SnapshotSource, levelsLeft: number): Snapshot[] {
  const own = snapshotOf(kind, raw, source);
  const embedded = levelsLeft > 0 ? embeddedIn(kind, raw) : [];
  const within = embedded.flatMap((each) => snapshotsIn(each, source, levelsLeft - 1));
  if (within.length === 0) return [own];
  // An object may be embedded several times in one event, each time with equal fields.
  return [...new Map([own, ...within].toReversed().map((each) => [each.id, each])).values()].toReversed();
}

// Stripe's maximum depth: https://docs.stripe.com/api/expanding_objects
const MOST_LEVELS = 4;

/**
 * Reads the snapshot in an answer of Stripe's API. It is dated a few seconds back, so that it never hides
 * an event of a clock that runs behind.
 */
export function snapshotOfRead(kind: StripeKind, raw: Raw, readAtMs: number): Snapshot {
  const created = Math.floor(readAtMs / 1000) - READ_MARGIN_S;
  const { key, ...rest } = snapshotOf(kind, raw, { type: 'read', created });
  const { livemode } = raw;
  const origin = typeof livemode === 'boolean' ? { origin: { livemode, account: null } } : {};
  return { ...rest, ...origin, key: { ...key, step: READ_STEP } };
}

/** The number of seconds by which a read is dated back. */
export const READ_MARGIN_S = 5;
// Higher than the step of any event.
const READ_STEP = 2 ** 30;

/** Whether a snapshot comes from a read of Stripe's API, not from an event. */
export function isRead({ step }: OrderKey): boolean {
  return step === READ_STEP;
}

/**
 * Chooses the newer of two snapshots of one object, independent of their order and number. The origin of
 * the older one is kept when the newer one has no origin.
 */
export function joinSnapshots(a: Snapshot, b: Snapshot): Snapshot {
  const newer = newerOf(a, b);
  const origin = newer.origin ?? a.origin ?? b.origin;
  return newer.origin || !origin ? newer : { ...newer, origin };
}

function newerOf(a: Snapshot, b: Snapshot): Snapshot {
  const order = compareKeys(a.key, b.key);
  const newer = order > 0 ? a : b;
  if (order === 0) return b.ambiguous ? b : a;
  if (isTie(a.key, b.key)) return newer.ambiguous ? newer : { ...newer, ambiguous: true };
  return newer;
}

/** The kind of a JSON object by its field `object`. Undefined when the ledger does not store the kind. */
export function kindOf(raw: Raw): StripeKind | undefined {
  return STRIPE_KINDS.find((kind) => kind === raw.object);
}

function snapshotOf(kind: StripeKind, raw: Raw, { type, created }: SnapshotSource): Snapshot {
  const fields = readStripeFields(kind, raw);
  const key = { ...lifecyclePosition(kind, fields, type), asOf: created, digest: digestOf(fields) };
  return { kind, id: objectIdOf(raw), key, fields, ambiguous: false };
}

interface Embedded {
  readonly kind: StripeKind;
  readonly raw: Raw;
}

/** Finds the objects embedded in another one. Fields that they lack come from that object. */
function embeddedIn(kind: StripeKind, raw: Raw): Embedded[] {
  const inPlace = (of: StripeKind, value: unknown) => (isRaw(value) ? [{ kind: of, raw: value }] : []);
  const intents = () => inPlace('payment_intent', raw.payment_intent);
  const charges = () => inPlace('charge', raw.charge);
  switch (kind) {
    case 'payment_intent':
      return [
        ...inPlace('charge', raw.latest_charge),
        ...listed('charge', raw.charges, { payment_intent: raw.id }),
      ];
    case 'charge':
      return [
        ...intents(),
        ...listed('refund', raw.refunds, {
          payment_intent: raw.payment_intent,
          charge: raw.id,
        }),
      ];
    case 'refund':
    case 'dispute':
    case 'invoice':
      return [...intents(), ...charges()];
    default:
      return [];
  }
}

function listed(kind: StripeKind, list: unknown, place: Raw): Embedded[] {
  const data = isRaw(list) && Array.isArray(list.data) ? list.data : [];
  return data.filter(isRaw).map((each) => ({ kind, raw: { ...place, ...each } }));
}

// The readers write the fields in a fixed order, so that equal fields have equal digests.
function digestOf(fields: object): string {
  return hash('sha1', JSON.stringify(fields), 'base64url');
}
