import type { PlainAnswer, PlainRoute } from '@rollcall/runtime/rpc';
import type { WebhookReceiver } from './receiver.ts';
import { WebhookRefusal, type WebhookRefusalReason } from './webhook-refusal.ts';

/** The path that Stripe is told to deliver to. */
export const WEBHOOK_PATH = '/webhooks/stripe';

/** The longest delivery, in bytes. */
export const MAX_WEBHOOK_BYTES = 1024 * 1024;

// Stripe takes any 2xx for done, and sends whatever else again for days: only what may be right later is 5xx.
const STATUS = {
  STRIPE_NOT_CONFIGURED: { status: 503, code: 'failed_precondition' },
  SIGNATURE_INVALID: { status: 400, code: 'invalid_argument' },
  SIGNATURE_EXPIRED: { status: 400, code: 'invalid_argument' },
  EVENT_MALFORMED: { status: 400, code: 'invalid_argument' },
  LEDGER_UNAVAILABLE: { status: 503, code: 'unavailable' },
} satisfies Record<WebhookRefusalReason, { status: number; code: string }>;

/** Answers deliveries: 200 once an event is durable, known or not; else why not, in the form of Connect's errors. */
export function webhookRoute(receiver: WebhookReceiver, hosts: readonly string[] = []): PlainRoute {
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

function json(status: number, body: object): PlainAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
