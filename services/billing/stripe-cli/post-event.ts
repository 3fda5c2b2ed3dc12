import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDataDirectory, Secret, StartupError } from '@rollcall/runtime';
import Stripe from 'stripe';

/** The answer of the webhook. */
export interface WebhookAnswer {
  readonly status: number;
  /** The start of the body. */
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const MAX_TEXT = 500;

/**
 * Signs an event as Stripe does, and posts it.
 * @throws StartupError when the webhook does not answer.
 */
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

/** Name of the file in the data directory of `npm start` that holds the webhook's signing secret. */
export const WEBHOOK_SECRET_FILE = 'stripe-webhook-secret';

/**
 * Reads the secret to sign with: the first of STRIPE_WEBHOOK_SECRETS, or else the one of `npm start`.
 * @throws StartupError when neither exists.
 */
export function readWebhookSecret(env: NodeJS.ProcessEnv): Secret {
  const [given] = (env.STRIPE_WEBHOOK_SECRETS ?? '').split(',').map((each) => each.trim());
  const secret = given || keptSecret(localDataDirectory(env));
  if (secret) return new Secret(secret);
  throw new StartupError(
    'There is no secret to sign with: set STRIPE_WEBHOOK_SECRETS as the billing service has it, or start everything by "npm start"',
  );
}

function keptSecret(directory: string | undefined): string | undefined {
  if (!directory) return undefined;
  try {
    return readFileSync(join(directory, WEBHOOK_SECRET_FILE), 'utf8').trim();
  } catch {
    // Missing or unreadable: the caller reports it.
    return undefined;
  }
}
