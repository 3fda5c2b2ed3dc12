import type { Logger } from '@rollcall/runtime';
import type { HttpAnswer, MetricReading, PostRoute } from '@rollcall/runtime/rpc';
import { type ForeignReason, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import type { Inbox } from './inbox.ts';
import { type SignatureOptions, verifySignature } from './signature.ts';
import { inScope, readWebhookEvent, type WebhookEvent } from './webhook-event.ts';
import { REFUSAL_STATUS, WebhookRefusal } from './webhook-refusal.ts';

/** Receives deliveries of Stripe. */
interface WebhookReceiver {
  /**
   * Resolves once the delivery is durable, new or not.
   * @param signature header `stripe-signature`
   * @throws WebhookRefusal when the delivery is refused.
   */
  receive(body: string, signature: string | undefined): Promise<WebhookEvent>;
  /** The number of deliveries by outcome, for /metrics. */
  readings(): MetricReading[];
}

interface ReceiverOptions extends SignatureOptions {
  readonly inbox: Inbox;
  /** The mode and the account whose events become payments. */
  readonly scope: LedgerScope;
  readonly logger: Logger;
}

// The maximum number of foreign accounts that a process warns about.
const MAX_WARNED = 100;

/** Creates a receiver that checks, reads and stores deliveries. The log shows only their id and type. */
export function createWebhookReceiver(options: ReceiverOptions): WebhookReceiver {
  const { inbox, logger, scope } = options;
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const take = async (body: string, signature: string | undefined) => {
    verifySignature(body, signature, options);
    const event = inScope(readWebhookEvent(body), scope);
    const { isNew } = await inbox.put(event);
    const foreign = foreignReason(event, scope);
    count(isNew ? (foreign ?? event.state) : 'duplicate');
    if (isNew && foreign) logForeign(event, foreign);
    else logDelivery(logger, event, isNew);
    return event;
  };
  const warned = new Set<string>();
  // Only the first one of an account is a warning, because a platform may send thousands.
  const logForeign = ({ id: eventId, type, livemode, account }: WebhookEvent, reason: ForeignReason) => {
    const kind = `${reason} ${account}`;
    const level = warned.has(kind) || warned.size >= MAX_WARNED ? 'debug' : 'warn';
    warned.add(kind);
    const about = { eventId, type, livemode, account, reason };
    logger[level](
      about,
      'webhook stored and not applied: it is of another mode or account than the settings',
    );
  };
  return {
    receive: (body, signature) =>
      take(body, signature).catch((error: unknown) => {
        if (error instanceof WebhookRefusal) {
          count('refused');
          logger.warn({ reason: error.reason, cause: error.cause }, 'webhook refused');
        }
        throw error;
      }),
    readings: () =>
      [...outcomes].map(([outcome, value]) => ({
        name: 'rollcall_webhook_deliveries_total',
        help: 'Deliveries of Stripe by outcome.',
        type: 'counter' as const,
        labels: { outcome },
        value,
      })),
  };
}

function logDelivery(
  logger: Logger,
  { id, type, apiVersion, state, fault }: WebhookEvent,
  isNew: boolean,
): void {
  const about = { eventId: id, type };
  if (!isNew) logger.debug(about, 'webhook received again');
  else if (state === 'failed')
    logger.warn({ ...about, apiVersion, fault }, 'webhook stored, but not understood');
  else logger.debug({ ...about, state }, 'webhook received');
}

/** The path of the webhook. */
export const WEBHOOK_PATH = '/webhooks/stripe';

/** The maximum size of a delivery, in bytes. */
const MAX_WEBHOOK_BYTES = 1024 * 1024;

/** Answers 200 once the event is durable, and a refusal in the format of Connect's errors. */
export function webhookRoute(receiver: WebhookReceiver, hosts: readonly string[] = []): PostRoute {
  return {
    hosts,
    maxBytes: MAX_WEBHOOK_BYTES,
    answer: async ({ body, header }) => {
      try {
        const { state } = await receiver.receive(body.toString('utf8'), header('stripe-signature'));
        return json(200, { received: true, state });
      } catch (error) {
        if (!(error instanceof WebhookRefusal)) throw error;
        const { status, code } = REFUSAL_STATUS[error.reason];
        return json(status, { code, reason: error.reason, message: error.message });
      }
    },
  };
}

function json(status: number, body: object): HttpAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
