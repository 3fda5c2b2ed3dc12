/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}
