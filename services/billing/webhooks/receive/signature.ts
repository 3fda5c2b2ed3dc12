import type { Secret } from '@rollcall/runtime';
import Stripe from 'stripe';
import { WebhookRefusal } from './webhook-refusal.ts';

/** By what deliveries are known. */
export interface SignatureOptions {
  /** Any of them will do: there are several while one takes the place of another. Empty: nothing is accepted. */
  readonly secrets: readonly Secret[];
  /** How old a signature may be, in s. */
  readonly toleranceS: number;
  /** Now, in ms since 1970. */
  readonly now: () => number;
}

/**
 * Checks by Stripe's own package that Stripe has signed the body, and lately. A signature from the future is accepted: this
 * machine's clock may have gone back.
 * @param header `stripe-signature`
 * @throws WebhookRefusal STRIPE_NOT_CONFIGURED, SIGNATURE_INVALID, SIGNATURE_EXPIRED
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
 * The header without what cannot be a signature. Stripe's package fails with a plain Error on a signature that is empty or
 * not ASCII, and takes a time that is no number for a recent one.
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
    // The package tells an old signature that is right from a wrong one by its message alone.
    return error.message.includes('tolerance') ? 'SIGNATURE_EXPIRED' : 'SIGNATURE_INVALID';
  }
}
