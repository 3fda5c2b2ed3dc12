import { hash } from 'node:crypto';
import { isId, isRaw, MAX_SECONDS, type Raw } from '../../ledger/read-fields.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

/** The fields that all events of Stripe have. */
export interface EventEnvelope {
  /** "evt_…". An event without an id has "sha256:…" of its body. */
  readonly id: string;
  /** "unknown": the event has no type. */
  readonly type: string;
  readonly apiVersion: string | null;
  /** The time of the event by Stripe, in s since 1970. Null: the event has no time and is not applied. */
  readonly created: number | null;
  readonly livemode: boolean;
  /** "acct_…". Null: the account of the webhook. */
  readonly account: string | null;
}

interface ReadEnvelope {
  readonly event: Raw;
  readonly envelope: EventEnvelope;
  /** The reason why the event cannot be applied. Null: there is no reason. */
  readonly doubt: string | null;
}

export function readEnvelope(body: string): ReadEnvelope {
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
    // An equal body is the same event.
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

// Seconds, or an RFC 3339 text since version 2 of the API. A fraction is cut off.
function secondsOf(created: unknown): number | null {
  const isText = typeof created === 'string' && RFC_3339.test(created);
  const seconds = isText ? Math.floor(Date.parse(created) / 1000) : created;
  const isTime = Number.isSafeInteger(seconds) && (seconds as number) >= 0;
  return isTime && (seconds as number) <= MAX_SECONDS ? (seconds as number) : null;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** The reason why an operator must look at an event. Null: there is no reason. */
export function doubtOf(event: Raw, apiVersion: string | null): string | null {
  if (typeof (event.livemode ?? false) !== 'boolean')
    return 'MODE_UNKNOWN: livemode is neither true nor false; replay it once it was looked at';
  // An organization contains its accounts and contradicts none of them.
  if (new Set(accountsOf(event)?.filter((id) => !id.startsWith('org_'))).size > 1)
    return 'ACCOUNT_AMBIGUOUS: account and context name two; replay it once it was looked at';
  return isKnownVersion(apiVersion) ? null : 'API_VERSION_UNKNOWN: replay it once its version was looked at';
}

// A Connect platform's event names the connected account, an organization's event the context:
// "org_…/acct_…".
function accountsOf({ account, context }: Raw): string[] | undefined {
  const named = [account, context].filter((each) => each !== undefined && each !== null && each !== '');
  return named.every(isId) ? named.map((each) => each.split('/').at(-1) ?? each) : undefined;
}

/**
 * The API versions whose events are understood: from the first one whose charges, refunds and disputes
 * name their payment intent, to the one of the official package. https://docs.stripe.com/changelog
 */
const API_VERSIONS = { oldest: '2020-08-27', newest: '2026-10-28.endive' } as const;

/**
 * Whether events of a version are applied. Events of other versions fail, and an operator replays them
 * after checking the changes.
 * @param version `api_version` of an event: "2026-10-28.endive"
 */
export function isKnownVersion(version: string | null): boolean {
  if (version === null || !/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version)) return false;
  return dateOf(version) >= dateOf(API_VERSIONS.oldest) && dateOf(version) <= dateOf(API_VERSIONS.newest);
}

function dateOf(version: string): string {
  return version.slice(0, 'YYYY-MM-DD'.length);
}
