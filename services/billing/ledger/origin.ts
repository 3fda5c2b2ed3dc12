/** The Stripe mode and account of an event or object. */
export interface Origin {
  /** True: real money. */
  readonly livemode: boolean;
  /** "acct_…". Null: the account of the webhook or the key. */
  readonly account: string | null;
}

/** The mode and the account whose events become payments. */
export interface LedgerScope {
  readonly livemode: boolean;
  /** Undefined: only events without an account are applied. */
  readonly account: string | undefined;
}

/** Test mode without a connected account. */
export const DEFAULT_SCOPE: LedgerScope = { livemode: false, account: undefined };

/** The reasons why an event is stored and not applied. */
export type ForeignReason = 'other_mode' | 'other_account';

/**
 * The reason why an event is outside a scope; undefined when it is inside. An event without an account
 * belongs to the account of its webhook.
 */
export function foreignReason({ livemode, account }: Origin, scope: LedgerScope): ForeignReason | undefined {
  if (livemode !== scope.livemode) return 'other_mode';
  return account === null || account === scope.account ? undefined : 'other_account';
}

/** Describes a foreign event for the ledger, with the setting that would include it. */
export function foreignFault(reason: ForeignReason, { livemode, account }: Origin): string {
  return reason === 'other_mode'
    ? `OTHER_MODE: livemode is ${livemode}, and BILLING_LIVEMODE says otherwise`
    : `OTHER_ACCOUNT: it is of ${account}, which BILLING_STRIPE_ACCOUNT does not name`;
}
