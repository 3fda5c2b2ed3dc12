/** Why a delivery is not accepted. */
type WebhookRefusalReason =
  /** There is no secret to check signatures by. */
  | 'STRIPE_NOT_CONFIGURED'
  /** The signature is not there, or by none of the secrets. */
  | 'SIGNATURE_INVALID'
  /** It was signed too long ago. */
  | 'SIGNATURE_EXPIRED'
  /** Signed, and yet no JSON: cut off. */
  | 'EVENT_MALFORMED'
  /** It could not be made durable now; Stripe sends it again. */
  | 'LEDGER_UNAVAILABLE';

/** A delivery that is not accepted. Its message never repeats anything of the delivery. */
export class WebhookRefusal extends Error {
  override readonly name = 'WebhookRefusal';
  readonly reason: WebhookRefusalReason;

  constructor(reason: WebhookRefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

// Stripe takes any 2xx for done, and sends whatever else again for days: only what may be right later is 5xx.
export const STATUS = {
  STRIPE_NOT_CONFIGURED: { status: 503, code: 'failed_precondition' },
  SIGNATURE_INVALID: { status: 400, code: 'invalid_argument' },
  SIGNATURE_EXPIRED: { status: 400, code: 'invalid_argument' },
  EVENT_MALFORMED: { status: 400, code: 'invalid_argument' },
  LEDGER_UNAVAILABLE: { status: 503, code: 'unavailable' },
} satisfies Record<WebhookRefusalReason, { status: number; code: string }>;
