import { LedgerError } from '../../ledger/ledger-error.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import { isId, isRaw, type Raw } from '../../ledger/read-fields.ts';
import { intentOf, kindOf, type Snapshot, snapshotsOfEvent } from '../../ledger/snapshot.ts';
import { STRIPE_KINDS, type StripeKind } from '../../ledger/stripe-object.ts';
import { doubtOf, type EventEnvelope, readEnvelope } from './event-envelope.ts';

/** An object of an event as `stripe_events.payload` keeps it; its names stand in the database. */
export interface StoredObject {
  readonly kind: StripeKind;
  readonly id: string;
  readonly facts: Snapshot['fields'];
  readonly digest: string;
}

/** An event as it goes into the ledger. */
export interface WebhookEvent extends EventEnvelope {
  /** What it is about; null: nothing that is kept. */
  readonly kind: StripeKind | null;
  readonly objectId: string | null;
  readonly paymentIntent: string | null;
  readonly tenantId: string | null;
  /** The fields of what it is about, and never the rest: that names persons. */
  readonly payload: readonly StoredObject[];
  /**
   * `ignored`: of a type that changes nothing here. `failed`: not understood; it waits for somebody to look. `foreign`: of
   * another mode or account than the ledger, and not applied.
   */
  readonly state: 'received' | 'ignored' | 'failed' | 'foreign';
  readonly fault: string | null;
}

/** Types that change something; what they are about must be of a kind that is kept, too. */
const TYPES = /^(payment_intent|charge|refund|customer|invoice)\./;

/** The one type of these whose object has no id: an invoice that does not exist yet. */
const UPCOMING = 'invoice.upcoming';

/**
 * Reads a body that Stripe has signed. Any JSON is an event: one that is not understood is `failed`, and is shown.
 * @throws WebhookRefusal EVENT_MALFORMED when the body is not JSON
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

/** The object that an event is about, where it is of a kind that is kept; else what becomes of the event without it. */
function readObject({ data }: Raw, type: string): ReadObject {
  const raw = isRaw(data) ? data.object : undefined;
  if (!TYPES.test(type) || type === UPCOMING) return { raw: undefined, verdict: IGNORED };
  if (!isRaw(raw) || typeof raw.object !== 'string')
    return { raw: undefined, verdict: unknownShape('data.object') };
  const kind = kindOf(raw);
  // A card or a discount of a customer; everything else that these types are about is money.
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

/** What an event is about, as far as it can be read, for whoever looks at one that is not understood. */
function aboutOf({ data }: Raw): Pick<WebhookEvent, 'kind' | 'objectId'> {
  const raw = isRaw(data) && isRaw(data.object) ? data.object : {};
  const kind = kindOf(raw);
  return kind && isId(raw.id) ? { kind, objectId: raw.id } : { kind: null, objectId: null };
}

/** A thin event names what it is about and shows nothing of it: https://docs.stripe.com/event-destinations */
function isThin({ object }: Raw): boolean {
  return object === 'v2.core.event';
}

// Of a customer nothing is shown to anybody; of everything else that is kept, what the event says is missing here.
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

/** The event as it is stored in the ledger of a scope: one of another mode or account is `foreign`. */
export function inScope(event: WebhookEvent, scope: LedgerScope): WebhookEvent {
  const reason = foreignReason(event, scope);
  // What is ignored has nothing in it that could be applied under other settings.
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
