/** The mode and the account at Stripe that something was told of. */
export interface Origin {
  /** True: real money. */
  readonly livemode: boolean;
  /** "acct_…"; null: the account that the webhook or the key belongs to. */
  readonly account: string | null;
}

/** The mode and the account whose events become payments. */
export interface LedgerScope {
  readonly livemode: boolean;
  /** Undefined: only events that name no account. */
  readonly account: string | undefined;
}

/** Test mode, and no connected account. */
export const DEFAULT_SCOPE: LedgerScope = { livemode: false, account: undefined };

/** Why an event is stored and not applied. */
export type ForeignReason = 'other_mode' | 'other_account';

/** Undefined: the event is of the ledger. One that names no account is of the account that its webhook belongs to. */
export function foreignReason({ livemode, account }: Origin, scope: LedgerScope): ForeignReason | undefined {
  if (livemode !== scope.livemode) return 'other_mode';
  return account === null || account === scope.account ? undefined : 'other_account';
}

/** What the ledger says of an event that it does not apply: names the setting that would have it applied. */
export function foreignFault(reason: ForeignReason, { livemode, account }: Origin): string {
  return reason === 'other_mode'
    ? `OTHER_MODE: livemode is ${livemode}, and BILLING_LIVEMODE says otherwise`
    : `OTHER_ACCOUNT: it is of ${account}, which BILLING_STRIPE_ACCOUNT does not name`;
}
