import { LedgerError } from '../ledger/ledger-error.ts';
import { isId, isRaw, type Raw } from '../ledger/read-fields.ts';
import { intentOf, kindOf, type Snapshot, snapshotsOfEvent } from '../ledger/snapshot.ts';
import type { StripeKind } from '../payments/stripe-object.ts';
import { isKnownVersion } from './api-versions.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

/** A part of what an event tells, as the ledger keeps it. */
export type ToldObject = Pick<Snapshot, 'kind' | 'id' | 'facts'> & { readonly digest: string };

/** An event as it goes into the ledger. */
export interface WebhookEvent {
  /** "evt_…" */
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string | null;
  /** By Stripe, in s since 1970. */
  readonly created: number;
  readonly livemode: boolean;
  /** What it is about; null: nothing that is kept. */
  readonly kind: StripeKind | null;
  readonly objectId: string | null;
  readonly paymentIntent: string | null;
  readonly tenantId: string | null;
  /** The facts of what it is about, and never the rest: that names persons. */
  readonly payload: readonly ToldObject[];
  /** `ignored`: of a type that changes nothing here. `failed`: not understood; it waits for somebody to look. */
  readonly state: 'received' | 'ignored' | 'failed';
  readonly fault: string | null;
}

/** Types that change something; what they are about must be of a kind that is kept, too. */
const TYPES = /^(payment_intent|charge|refund|customer|invoice)\./;

/**
 * Reads a body that Stripe has signed.
 * @throws WebhookRefusal EVENT_MALFORMED where it is no event
 */
export function readWebhookEvent(body: string): WebhookEvent {
  const event = parse(body);
  const envelope = envelopeOf(event);
  const raw = isRaw(event.data) && isRaw(event.data.object) ? event.data.object : undefined;
  const kind = raw && kindOf(raw);
  if (!raw || !kind || !TYPES.test(envelope.type) || !isId(raw.id))
    return { ...envelope, ...NOTHING, state: 'ignored', fault: null };
  const about = { kind, objectId: raw.id };
  try {
    const snapshots = snapshotsOfEvent(kind, raw, envelope);
    const verdict = isKnownVersion(envelope.apiVersion)
      ? ({ state: 'received', fault: null } as const)
      : ({
          state: 'failed',
          fault: 'API_VERSION_UNKNOWN: replay it once its version was looked at',
        } as const);
    return { ...envelope, ...about, ...belongings(snapshots), ...verdict };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { ...envelope, ...NOTHING, ...about, state: 'failed', fault: `${error.reason}: ${error.message}` };
  }
}

const NOTHING = { kind: null, objectId: null, paymentIntent: null, tenantId: null, payload: [] };

function parse(body: string): Raw {
  try {
    const event: unknown = JSON.parse(body);
    if (isRaw(event)) return event;
  } catch (error) {
    // The message of a SyntaxError repeats a part of the body.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw malformed('The body is not a JSON object.');
}

function envelopeOf({ id, type, created, api_version: version, livemode }: Raw) {
  if (!isId(id) || !isId(type)) throw malformed('The body has no id or no type, and is no event.');
  if (!Number.isSafeInteger(created) || (created as number) < 0 || (created as number) > MAX_SECONDS)
    throw malformed('The body does not say when it was created, and is no event.');
  const apiVersion = isId(version) ? version : null;
  return { id, type, created: created as number, apiVersion, livemode: livemode === true };
}

// The end of the year 9999.
const MAX_SECONDS = 253_402_300_799;

function belongings(snapshots: readonly Snapshot[]) {
  const [first] = snapshots;
  if (!first) return NOTHING;
  const tenantId = 'tenant_id' in first.facts ? first.facts.tenant_id : null;
  const payload = snapshots.map(({ kind, id, facts, key }) => ({ kind, id, facts, digest: key.digest }));
  return { paymentIntent: intentOf(first), tenantId, payload };
}

function malformed(message: string): WebhookRefusal {
  return new WebhookRefusal('EVENT_MALFORMED', message);
}
