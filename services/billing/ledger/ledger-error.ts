/** The reasons why an object or event of Stripe cannot enter the ledger. */
type LedgerErrorReason =
  /** A required field is missing or malformed. */
  | 'SHAPE_UNKNOWN'
  /** A status that decides about money is unknown. */
  | 'STATUS_UNKNOWN'
  /** The objects of one payment have several currencies. */
  | 'CURRENCY_MIXED'
  /** Stripe's unit of the currency is unknown, so that its amounts cannot be interpreted. */
  | 'CURRENCY_UNKNOWN';

/** An object or event of Stripe that is not understood. The message names fields and never their values. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly reason: LedgerErrorReason;

  constructor(reason: LedgerErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
