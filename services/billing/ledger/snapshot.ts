import { hash } from 'node:crypto';
import type { Origin } from './origin.ts';
import { isRaw, type Raw } from './read-fields.ts';
import { objectIdOf, readStripeFields } from './read-stripe-fields.ts';
import { compareKeys, isTie, lifecyclePosition, type OrderKey } from './snapshot-order.ts';
import type { FieldsOf } from './stripe-fields.ts';
import { STRIPE_KINDS, type StripeKind } from './stripe-object.ts';

/** An object of Stripe as it was at some time. */
export interface Snapshot<K extends StripeKind = StripeKind> {
  readonly kind: K;
  readonly id: string;
  readonly key: OrderKey;
  readonly fields: FieldsOf[K];
  /** It was also told otherwise for the same time: Stripe is to be asked again. */
  readonly ambiguous: boolean;
  /** Whose it is at Stripe. Absent: not known, as of what was stored before this was. */
  readonly origin?: Origin;
}

/** What tells of an object, and when. */
export interface SnapshotSource {
  /** Type of the event: "charge.refunded". */
  readonly type: string;
  /** When it happened, in s since 1970. */
  readonly created: number;
}

/**
 * What an event tells: the object that it is about, then those that stand in it, as older versions and expanded fields have them.
 * @throws LedgerError where one of them is not understood.
 */
export function snapshotsOfEvent(kind: StripeKind, raw: Raw, source: SnapshotSource): Snapshot[] {
  return snapshotsIn({ kind, raw }, source, MOST_LEVELS);
}

function snapshotsIn({ kind, raw }: Embedded, source: SnapshotSource, levelsLeft: number): Snapshot[] {
  const own = snapshotOf(kind, raw, source);
  const embedded = levelsLeft > 0 ? embeddedIn(kind, raw) : [];
  const within = embedded.flatMap((each) => snapshotsIn(each, source, levelsLeft - 1));
  if (within.length === 0) return [own];
  // An object may stand in several places of one event, and is the same in all.
  return [...new Map([own, ...within].toReversed().map((each) => [each.id, each])).values()].toReversed();
}

// As deep as Stripe expands: https://docs.stripe.com/api/expanding_objects
const MOST_LEVELS = 4;

/**
 * What Stripe answered when it was asked. It is taken to be a little older than it is, so that it never hides an event
 * of a clock that runs behind ours.
 */
export function snapshotOfRead(kind: StripeKind, raw: Raw, readAtMs: number): Snapshot {
  const created = Math.floor(readAtMs / 1000) - READ_MARGIN_S;
  const { key, ...rest } = snapshotOf(kind, raw, { type: 'read', created });
  const { livemode } = raw;
  const origin = typeof livemode === 'boolean' ? { origin: { livemode, account: null } } : {};
  return { ...rest, ...origin, key: { ...key, step: READ_STEP } };
}

/** How much older than it is a read counts, in s. */
export const READ_MARGIN_S = 5;
// Above every step that an event can have.
const READ_STEP = 2 ** 30;

/** Whether a snapshot is what Stripe answered when it was asked, and no event told it. */
export function isRead({ step }: OrderKey): boolean {
  return step === READ_STEP;
}

/** The newer of two snapshots of one object, whichever comes first, however often; whose it is may be known by the older. */
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

/** Whether `object` of something says that it is of a kind that is kept. */
export function kindOf(raw: Raw): StripeKind | undefined {
  return STRIPE_KINDS.find((kind) => kind === raw.object);
}

/**
 * The key of the payment that a snapshot belongs to: the id of a payment intent; where money came without one that of the charge,
 * or of the invoice. Null: it says none.
 */
export function intentOf({ kind, id, fields }: Snapshot): string | null {
  if (kind === 'payment_intent') return id;
  // An invoice that was told before this was kept says nothing of it.
  if (kind === 'invoice') return ('paid_without_intent' in fields && fields.paid_without_intent) || null;
  if (kind === 'charge' && 'payment_intent' in fields) return fields.payment_intent ?? id;
  return 'payment_intent' in fields ? fields.payment_intent : null;
}

/** The charge by which the payment of a refund or a dispute is found where it names no intent; null otherwise. */
export function chargeOf({ kind, fields }: Snapshot): string | null {
  return (kind === 'refund' || kind === 'dispute') && 'charge' in fields ? fields.charge : null;
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

/** Objects that stand in another one. What they do not say of their place, the other one does. */
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

// Fields are written down field by field in one order, whoever tells them.
function digestOf(fields: object): string {
  return hash('sha1', JSON.stringify(fields), 'base64url');
}

/** By charge: the payment intent that it belongs to. */
export type IntentsOfCharges = ReadonlyMap<string, string>;

/** The intent of a snapshot, also where it names only a charge. */
export function intentAmongCharges(snapshot: Snapshot, intents: IntentsOfCharges): string | null {
  return intentOf(snapshot) ?? intents.get(chargeOf(snapshot) ?? '') ?? null;
}
