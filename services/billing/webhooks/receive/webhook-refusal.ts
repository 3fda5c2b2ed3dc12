/** Why a delivery is not accepted. */
export type WebhookRefusalReason =
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
