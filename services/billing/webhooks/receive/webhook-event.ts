import { LedgerError } from '../../ledger/ledger-error.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import { intentOf } from '../../ledger/payment-key.ts';
import { isId, isRaw, type Raw } from '../../ledger/read-fields.ts';
import { kindOf, type Snapshot, snapshotsOfEvent } from '../../ledger/snapshot.ts';
import { STRIPE_KINDS, type StripeKind } from '../../ledger/stripe-object.ts';
import { doubtOf, type EventEnvelope, readEnvelope } from './event-envelope.ts';

/** An object of an event, as the column `stripe_events.payload` stores it under these names. */
export interface StoredObject {
  readonly kind: StripeKind;
  readonly id: string;
  readonly facts: Snapshot['fields'];
  readonly digest: string;
}

/** An event, as the ledger stores it. */
export interface WebhookEvent extends EventEnvelope {
  /** The kind of the event's object. Null: the ledger does not store it. */
  readonly kind: StripeKind | null;
  readonly objectId: string | null;
  readonly paymentIntent: string | null;
  readonly tenantId: string | null;
  /** The stored fields of the event's objects. Other fields are dropped, because they name persons. */
  readonly payload: readonly StoredObject[];
  /**
   * `ignored`: the type changes nothing here. `failed`: not understood, an operator must look at it.
   * `foreign`: of another mode or account, and not applied.
   */
  readonly state: 'received' | 'ignored' | 'failed' | 'foreign';
  readonly fault: string | null;
}

/** Types that change something, when the kind of their object is stored too. */
const TYPES = /^(payment_intent|charge|refund|customer|invoice)\./;

/** The only such type whose object has no id: an invoice that does not exist yet. */
const UPCOMING = 'invoice.upcoming';

/**
 * Reads a signed body. Any JSON is stored as an event: one that is not understood is `failed`.
 * @throws WebhookRefusal EVENT_MALFORMED when the body is not JSON.
 */
export function readWebhookEvent(body: string): WebhookEvent {
  const { event, envelope, doubt } = readEnvelope(body);
  const { created } = envelope;
  const rest = { ...envelope, ...NOTHING };
  if (doubt !== null || created === null)
    return { ...rest, ...aboutOf(event), state: 'failed', fault: doubt };
  if (isThin(event)) return { ...rest, ...readThin(event) };
  const about = readObject(event, envelope.type);
  if (about.raw === undefined) return { ...rest, ...about.verdict };
  const { raw, kind } = about;
  try {
    const snapshots = snapshotsOfEvent(kind, raw, { ...envelope, created });
    const fault = doubtOf(event, envelope.apiVersion);
    const verdict = {
      state: fault === null ? 'received' : 'failed',
      fault,
    } as const;
    return {
      ...envelope,
      kind,
      objectId: raw.id,
      ...storedParts(snapshots),
      ...verdict,
    };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return {
      ...rest,
      kind,
      objectId: raw.id,
      state: 'failed',
      fault: `${error.reason}: ${error.message}`,
    };
  }
}

type Verdict = Pick<WebhookEvent, 'state' | 'fault'>;
type ReadObject =
  | { readonly raw: Raw & { readonly id: string }; readonly kind: StripeKind }
  | { readonly raw: undefined; readonly verdict: Verdict };

const IGNORED: Verdict = { state: 'ignored', fault: null };

/** Reads the object of an event when its kind is stored, otherwise the verdict on the event. */
function readObject({ data }: Raw, type: string): ReadObject {
  const raw = isRaw(data) ? data.object : undefined;
  if (!TYPES.test(type) || type === UPCOMING) return { raw: undefined, verdict: IGNORED };
  if (!isRaw(raw) || typeof raw.object !== 'string')
    return { raw: undefined, verdict: unknownShape('data.object') };
  const kind = kindOf(raw);
  // A card or a discount of a customer. The objects of the other types are about money.
  if (!kind)
    return {
      raw: undefined,
      verdict: type.startsWith('customer.') ? IGNORED : unknownShape('data.object.object'),
    };
  if (!isId(raw.id)) return { raw: undefined, verdict: unknownShape('data.object.id') };
  return { raw: { ...raw, id: raw.id }, kind };
}

function unknownShape(field: string): Verdict {
  const fault = `SHAPE_UNKNOWN: The field "${field}" is missing, or is not what it was known as.`;
  return { state: 'failed', fault };
}

/** Reads the kind and the id of the object, as far as possible, to show them with a failed event. */
function aboutOf({ data }: Raw): Pick<WebhookEvent, 'kind' | 'objectId'> {
  const raw = isRaw(data) && isRaw(data.object) ? data.object : {};
  const kind = kindOf(raw);
  return kind && isId(raw.id) ? { kind, objectId: raw.id } : { kind: null, objectId: null };
}

/**
 * Whether an event is thin: it names its object without showing it.
 * https://docs.stripe.com/event-destinations
 */
function isThin({ object }: Raw): boolean {
  return object === 'v2.core.event';
}

// Events about customers can be ignored. For other kinds the content of the event is missing.
function readThin({ related_object: related }: Raw): Verdict & Pick<WebhookEvent, 'kind' | 'objectId'> {
  const kind = isRaw(related) ? STRIPE_KINDS.find((each) => each === related.type) : undefined;
  if (!isRaw(related) || !kind || kind === 'customer' || !isId(related.id))
    return { kind: null, objectId: null, ...IGNORED };
  const fault = 'THIN_EVENT: it only names its object; subscribe to the snapshot event, and reconcile';
  return { kind, objectId: related.id, state: 'failed', fault };
}

const NOTHING = {
  kind: null,
  objectId: null,
  paymentIntent: null,
  tenantId: null,
  payload: [],
};

/** Marks an event of another mode or account as `foreign`. */
export function inScope(event: WebhookEvent, scope: LedgerScope): WebhookEvent {
  const reason = foreignReason(event, scope);
  // An ignored event has no content that other settings could apply.
  if (!reason || event.state === 'ignored') return event;
  return { ...event, state: 'foreign', fault: foreignFault(reason, event) };
}

function storedParts(snapshots: readonly Snapshot[]) {
  const [first] = snapshots;
  if (!first) return NOTHING;
  const tenantId = 'tenant_id' in first.fields ? first.fields.tenant_id : null;
  const payload = snapshots.map(({ kind, id, fields, key }) => ({
    kind,
    id,
    facts: fields,
    digest: key.digest,
  }));
  return { paymentIntent: intentOf(first), tenantId, payload };
}
