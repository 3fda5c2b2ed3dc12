import type { Logger } from '@rollcall/runtime';
import type { HttpAnswer, MetricReading, PostRoute } from '@rollcall/runtime/rpc';
import { type ForeignReason, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import type { Inbox } from './inbox.ts';
import { type SignatureOptions, verifySignature } from './signature.ts';
import { inScope, readWebhookEvent, type WebhookEvent } from './webhook-event.ts';
import { STATUS, WebhookRefusal } from './webhook-refusal.ts';

/** Takes deliveries of Stripe's in. */
interface WebhookReceiver {
  /**
   * Resolves once what was delivered is durable, whether it is new or not.
   * @param signature header `stripe-signature`
   * @throws WebhookRefusal
   */
  receive(body: string, signature: string | undefined): Promise<WebhookEvent>;
  /** Deliveries by what became of them, for /metrics. */
  readings(): MetricReading[];
}

/** What the receiver needs. */
interface ReceiverOptions extends SignatureOptions {
  readonly inbox: Inbox;
  /** Whose events become payments. */
  readonly scope: LedgerScope;
  readonly logger: Logger;
}

// Accounts that the log warns of, in the life of a process.
const MAX_WARNED = 100;

/** Checks, reads and stores. What the log says of a delivery is its id and its type. */
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
  // The first of a kind is a warning; a platform may send thousands.
  const logForeign = ({ id: eventId, type, livemode, account }: WebhookEvent, reason: ForeignReason) => {
    const kind = `${reason} ${account}`;
    const level = warned.has(kind) || warned.size >= MAX_WARNED ? 'debug' : 'warn';
    warned.add(kind);
    const about = { eventId, type, livemode, account, reason };
    logger[level](
      about,
      'webhook is kept and not applied: it is of another mode or account than the settings name',
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
        help: 'Deliveries of Stripe by what became of them.',
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
  if (!isNew) logger.debug(about, 'webhook was received before');
  else if (state === 'failed')
    logger.warn({ ...about, apiVersion, fault }, 'webhook is kept, but not understood');
  else logger.debug({ ...about, state }, 'webhook received');
}

/** The path that Stripe is warned to deliver to. */
export const WEBHOOK_PATH = '/webhooks/stripe';

/** The longest delivery, in bytes. */
const MAX_WEBHOOK_BYTES = 1024 * 1024;

/** Answers deliveries: 200 once an event is durable, known or not; else why not, in the form of Connect's errors. */
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
        const { status, code } = STATUS[error.reason];
        return json(status, { code, reason: error.reason, message: error.message });
      }
    },
  };
}

function json(status: number, body: object): HttpAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
