import type { Secret } from '@rollcall/runtime';
import Stripe from 'stripe';
import { WebhookRefusal } from './webhook-refusal.ts';

/** Options of the signature check. */
export interface SignatureOptions {
  /** Any of the secrets is accepted, so that a secret can be rotated. Empty: every delivery is refused. */
  readonly secrets: readonly Secret[];
  /** The maximum age of a signature, in s. */
  readonly toleranceS: number;
  /** The current time, in ms since 1970. */
  readonly now: () => number;
}

/**
 * Checks with Stripe's package that Stripe signed the body recently. A signature from the future is
 * accepted, because the local clock may be behind.
 * @param header `stripe-signature`
 * @throws WebhookRefusal STRIPE_NOT_CONFIGURED, SIGNATURE_INVALID or SIGNATURE_EXPIRED.
 */
export function verifySignature(body: string, header: string | undefined, options: SignatureOptions): void {
  const { secrets } = options;
  if (secrets.length === 0)
    throw new WebhookRefusal(
      'STRIPE_NOT_CONFIGURED',
      'No secret to check the signature by: set STRIPE_WEBHOOK_SECRETS.',
    );
  const wellFormed = wellFormedHeader(header);
  const reasons = secrets.map((secret) => refusalOf(body, wellFormed, { ...options, secret }));
  if (reasons.includes(undefined)) return;
  if (reasons.includes('SIGNATURE_EXPIRED'))
    throw new WebhookRefusal(
      'SIGNATURE_EXPIRED',
      `Signed more than ${options.toleranceS} seconds ago: check the clocks, or STRIPE_WEBHOOK_TOLERANCE_S.`,
    );
  throw new WebhookRefusal(
    'SIGNATURE_INVALID',
    'Not signed by any secret of STRIPE_WEBHOOK_SECRETS, or changed on its way.',
  );
}

// In s since 1970; 10 digits last until the year 2286.
const TIME = /^t=(\d{1,10})$/;
// SHA-256 in hexadecimal.
const SIGNATURE = /^v1=[0-9a-f]{64}$/;

/**
 * Removes malformed parts of the header. The package fails with a plain Error on an empty or non-ASCII
 * signature, and accepts a malformed time as recent.
 */
function wellFormedHeader(header: string | undefined): string {
  const items = (header ?? '').split(',');
  const times = items.filter((item) => item.startsWith('t='));
  if (times.length !== 1 || !TIME.test(times[0] ?? ''))
    throw new WebhookRefusal(
      'SIGNATURE_INVALID',
      'The header stripe-signature must hold one time, t=, in seconds since 1970.',
    );
  const signatures = items.filter((item) => SIGNATURE.test(item));
  if (signatures.length === 0)
    throw new WebhookRefusal(
      'SIGNATURE_INVALID',
      'The header stripe-signature holds no signature, v1=, of 64 hexadecimal digits.',
    );
  return [...times, ...signatures].join(',');
}

interface OneSecret extends SignatureOptions {
  readonly secret: Secret;
}

function refusalOf(body: string, header: string, { secret, toleranceS, now }: OneSecret) {
  try {
    const { signature } = Stripe.webhooks;
    if (!signature) throw new Error('The stripe package brings nothing to verify signatures by.');
    signature.verifyHeader(body, header, secret.reveal(), toleranceS, undefined, now());
    return undefined;
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    // The package distinguishes an expired signature from a wrong one only by the message.
    return error.message.includes('tolerance') ? 'SIGNATURE_EXPIRED' : 'SIGNATURE_INVALID';
  }
}
