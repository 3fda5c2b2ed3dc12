import { hash } from 'node:crypto';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import { isId, isRaw, MAX_SECONDS, type Raw } from '../../ledger/read-fields.ts';
import { intentOf, kindOf, type Snapshot, snapshotsOfEvent } from '../../ledger/snapshot.ts';
import { STRIPE_KINDS, type StripeKind } from '../../ledger/stripe-object.ts';
import { isKnownVersion } from './api-versions.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

/** A part of what an event tells, as the ledger keeps it. */
export type ToldObject = Pick<Snapshot, 'kind' | 'id' | 'facts'> & {
  readonly digest: string;
};

/** An event as it goes into the ledger. */
export interface WebhookEvent {
  /** "evt_…"; "sha256:…" of the body: it names none. */
  readonly id: string;
  /** "unknown": it names none. */
  readonly type: string;
  readonly apiVersion: string | null;
  /** When it happened, by Stripe, in s since 1970; null: it does not say so, and is not applied. */
  readonly created: number | null;
  readonly livemode: boolean;
  /** "acct_…"; null: the account that the webhook belongs to. */
  readonly account: string | null;
  /** What it is about; null: nothing that is kept. */
  readonly kind: StripeKind | null;
  readonly objectId: string | null;
  readonly paymentIntent: string | null;
  readonly tenantId: string | null;
  /** The facts of what it is about, and never the rest: that names persons. */
  readonly payload: readonly ToldObject[];
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
      ...belongings(snapshots),
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
type About =
  | { readonly raw: Raw & { readonly id: string }; readonly kind: StripeKind }
  | { readonly raw: undefined; readonly verdict: Verdict };

const IGNORED: Verdict = { state: 'ignored', fault: null };

/** The object that an event is about, where it is of a kind that is kept; else what becomes of the event without it. */
function readObject({ data }: Raw, type: string): About {
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

type Envelope = Pick<WebhookEvent, 'id' | 'type' | 'apiVersion' | 'created' | 'livemode' | 'account'>;

interface ReadEnvelope {
  readonly event: Raw;
  readonly envelope: Envelope;
  /** Why nothing of the event can be applied; null: nothing speaks against it. */
  readonly doubt: string | null;
}

function readEnvelope(body: string): ReadEnvelope {
  const parsed = parse(body);
  const event = isRaw(parsed) ? parsed : {};
  const { id, type, api_version: version, livemode } = event;
  const created = secondsOf(event.created);
  const accounts = accountsOf(event);
  const missing = [
    ...(isId(id) ? [] : ['id']),
    ...(isId(type) ? [] : ['type']),
    ...(created === null ? ['created'] : []),
    ...(accounts ? [] : ['account']),
  ];
  const envelope = {
    // The same body again is the same event.
    id: isId(id) ? id : `sha256:${hash('sha256', body)}`,
    type: isId(type) ? type : 'unknown',
    apiVersion: isId(version) ? version : null,
    created,
    livemode: livemode === true,
    account: accounts?.[0] ?? null,
  };
  const doubt = missing.length === 0 ? null : `ENVELOPE_UNKNOWN: not as it was known: ${missing.join(', ')}`;
  return { event, envelope, doubt };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    // The message of a SyntaxError repeats a part of the body.
    if (!(error instanceof SyntaxError)) throw error;
    throw new WebhookRefusal('EVENT_MALFORMED', 'The body is not JSON.');
  }
}

// A number of seconds, or since version 2 of the API a text as in RFC 3339. Cut to seconds, never rounded up.
function secondsOf(created: unknown): number | null {
  const isText = typeof created === 'string' && RFC_3339.test(created);
  const seconds = isText ? Math.floor(Date.parse(created) / 1000) : created;
  const isTime = Number.isSafeInteger(seconds) && (seconds as number) >= 0;
  return isTime && (seconds as number) <= MAX_SECONDS ? (seconds as number) : null;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** Why an event waits for a person to look at it; null: it does not. */
function doubtOf(event: Raw, apiVersion: string | null): string | null {
  if (typeof (event.livemode ?? false) !== 'boolean')
    return 'MODE_UNKNOWN: livemode is neither true nor false; replay it once it was looked at';
  // An organization is above its accounts, and contradicts none.
  if (new Set(accountsOf(event)?.filter((id) => !id.startsWith('org_'))).size > 1)
    return 'ACCOUNT_AMBIGUOUS: account and context name two; replay it once it was looked at';
  return isKnownVersion(apiVersion) ? null : 'API_VERSION_UNKNOWN: replay it once its version was looked at';
}

// A webhook of a Connect platform names the connected account, and one of an organization the context: "org_…/acct_…".
function accountsOf({ account, context }: Raw): string[] | undefined {
  const named = [account, context].filter((each) => each !== undefined && each !== null && each !== '');
  return named.every(isId) ? named.map((each) => each.split('/').at(-1) ?? each) : undefined;
}

function belongings(snapshots: readonly Snapshot[]) {
  const [first] = snapshots;
  if (!first) return NOTHING;
  const tenantId = 'tenant_id' in first.facts ? first.facts.tenant_id : null;
  const payload = snapshots.map(({ kind, id, facts, key }) => ({ kind, id, facts, digest: key.digest }));
  return { paymentIntent: intentOf(first), tenantId, payload };
}
