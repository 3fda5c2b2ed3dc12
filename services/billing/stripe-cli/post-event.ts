import { type Secret, StartupError } from '@rollcall/runtime';
import Stripe from 'stripe';

/** What the webhook answered. */
export interface WebhookAnswer {
  readonly status: number;
  /** The body, cut where it is long. */
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const MAX_TEXT = 500;

/** Signs an event as Stripe does, and posts it. Throws StartupError where nobody answers. */
export async function postEvent(url: URL, event: Stripe.Event, secret: Secret): Promise<WebhookAnswer> {
  const payload = JSON.stringify(event);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: secret.reveal() });
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
      body: payload,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: (await response.text()).trim().slice(0, MAX_TEXT) };
  } catch (cause) {
    throw new StartupError(`Nobody answers at ${url.href}: start the billing service, or say --url`, {
      cause,
    });
  }
}
