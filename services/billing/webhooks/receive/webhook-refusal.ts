/** The reasons why a delivery is refused. */
type WebhookRefusalReason =
  /** No signing secret is set. */
  | 'STRIPE_NOT_CONFIGURED'
  /** The signature is missing or matches no secret. */
  | 'SIGNATURE_INVALID'
  /** The signature is too old. */
  | 'SIGNATURE_EXPIRED'
  /** The signed body is not JSON. */
  | 'EVENT_MALFORMED'
  /** The event could not be stored now. Stripe sends it again. */
  | 'LEDGER_UNAVAILABLE';

/** The refusal of a delivery. Its message never repeats the delivery. */
export class WebhookRefusal extends Error {
  override readonly name = 'WebhookRefusal';
  readonly reason: WebhookRefusalReason;

  constructor(reason: WebhookRefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * The HTTP status of each refusal. Stripe retries after any status but 2xx, so 5xx is used only when a retry
 * can help.
 */
export const REFUSAL_STATUS = {
  STRIPE_NOT_CONFIGURED: { status: 503, code: 'failed_precondition' },
  SIGNATURE_INVALID: { status: 400, code: 'invalid_argument' },
  SIGNATURE_EXPIRED: { status: 400, code: 'invalid_argument' },
  EVENT_MALFORMED: { status: 400, code: 'invalid_argument' },
  LEDGER_UNAVAILABLE: { status: 503, code: 'unavailable' },
} satisfies Record<WebhookRefusalReason, { status: number; code: string }>;
