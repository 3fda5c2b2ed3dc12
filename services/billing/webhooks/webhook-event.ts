import { LedgerError } from '../ledger/ledger-error.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../ledger/origin.ts';
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
    const fault = doubtOf(event, envelope.apiVersion);
    const verdict = { state: fault === null ? 'received' : 'failed', fault } as const;
    return { ...envelope, ...about, ...belongings(snapshots), ...verdict };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { ...envelope, ...NOTHING, ...about, state: 'failed', fault: `${error.reason}: ${error.message}` };
  }
}

const NOTHING = { kind: null, objectId: null, paymentIntent: null, tenantId: null, payload: [] };

/** The event as it is stored in the ledger of a scope: one of another mode or account is `foreign`. */
export function inScope(event: WebhookEvent, scope: LedgerScope): WebhookEvent {
  const reason = foreignReason(event, scope);
  // What is ignored has nothing in it that could be applied under other settings.
  if (!reason || event.state === 'ignored') return event;
  return { ...event, state: 'foreign', fault: foreignFault(reason, event) };
}

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

function envelopeOf(event: Raw) {
  const { id, type, created, api_version: version, livemode } = event;
  if (!isId(id) || !isId(type)) throw malformed('The body has no id or no type, and is no event.');
  if (!Number.isSafeInteger(created) || (created as number) < 0 || (created as number) > MAX_SECONDS)
    throw malformed('The body does not say when it was created, and is no event.');
  const apiVersion = isId(version) ? version : null;
  const account = accountOf(event);
  return { id, type, created: created as number, apiVersion, livemode: livemode === true, account };
}

/** Why an event waits for a person to look at it; null: it does not. */
function doubtOf(event: Raw, apiVersion: string | null): string | null {
  if (typeof (event.livemode ?? false) !== 'boolean')
    return 'MODE_UNKNOWN: livemode is neither true nor false; replay it once it was looked at';
  // An organization is above its accounts, and contradicts none.
  if (new Set(accountsOf(event).filter((id) => !id.startsWith('org_'))).size > 1)
    return 'ACCOUNT_AMBIGUOUS: account and context name two; replay it once it was looked at';
  return isKnownVersion(apiVersion) ? null : 'API_VERSION_UNKNOWN: replay it once its version was looked at';
}

function accountOf(event: Raw): string | null {
  return accountsOf(event)[0] ?? null;
}

// A webhook of a Connect platform names the connected account, and one of an organization the context: "org_…/acct_…".
function accountsOf({ account, context }: Raw): string[] {
  const named = [account, context].filter((each) => each !== undefined && each !== null && each !== '');
  if (!named.every(isId)) throw malformed('The account of the body is no id, and it is no event.');
  return named.map((each) => each.split('/').at(-1) ?? each);
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
