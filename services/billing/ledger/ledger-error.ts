/** Why something of Stripe's cannot become a part of the ledger. */
type LedgerErrorReason =
  /** A field that is needed is not there, or is not what it must be. */
  | 'SHAPE_UNKNOWN'
  /** A status, which decides about money, has a name that nobody here knows. */
  | 'STATUS_UNKNOWN'
  /** What belongs to one payment is in several currencies. */
  | 'CURRENCY_MIXED'
  /** How Stripe counts the currency is not known here, so that no amount of it can be taken for anything. */
  | 'CURRENCY_UNKNOWN';

/** Something of Stripe's that is not understood. Its message names fields and never repeats what stands in them. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly reason: LedgerErrorReason;

  constructor(reason: LedgerErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
