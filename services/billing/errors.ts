/**
 * The reasons why the domain refuses. The names are those of `ErrorReason` in the billing or the user
 * contract.
 */
export type BillingErrorReason =
  | 'CUSTOMER_NOT_FOUND'
  | 'PLAN_NOT_FOUND'
  | 'AREA_NOT_FOUND'
  | 'PAYMENT_NOT_FOUND'
  | 'INVOICE_NOT_FOUND'
  | 'CODE_TAKEN'
  | 'ALREADY_SUBSCRIBED'
  | 'PLAN_NOT_SOLD'
  | 'USER_NOT_ELIGIBLE'
  | 'USER_UNKNOWN_NOW'
  | 'NOT_REFUNDABLE'
  | 'INVOICE_SETTLED'
  | 'LINES_INVALID'
  | 'STRIPE_NOT_CONFIGURED'
  | 'STRIPE_REFUSED'
  | 'STRIPE_UNAVAILABLE'
  | 'REQUEST_ID_REUSED';

interface BillingErrorOptions {
  /** Every variable part of the message. It never holds contact or card data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Faults of request fields, by path in the contract: `plan.prices`. */
  readonly faults?: Readonly<Record<string, string>>;
  /** The delay before a retry, in ms. Absent: a retry does not help, or the delay is unknown. */
  readonly retryDelayMs?: number;
  /** The error behind the refusal. It is logged and never sent. */
  readonly cause?: unknown;
}

/** A refusal of the domain. */
export class BillingError extends Error {
  override readonly name = 'BillingError';
  readonly reason: BillingErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty: no field is at fault. */
  readonly faults: Readonly<Record<string, string>>;
  readonly retryDelayMs: number | undefined;

  constructor(reason: BillingErrorReason, message: string, options: BillingErrorOptions) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata;
    this.faults = options.faults ?? {};
    this.retryDelayMs = options.retryDelayMs;
  }
}

export function customerNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('CUSTOMER_NOT_FOUND', `Tenant ${tenantId} has no customer ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

export function invoiceNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('INVOICE_NOT_FOUND', `Tenant ${tenantId} has no invoice ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** The request id was used before for another request. */
export function requestIdReused(requestId: string): BillingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BillingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}

export function planNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('PLAN_NOT_FOUND', `Tenant ${tenantId} has no plan ${id}.`, {
    metadata: { tenant_id: tenantId, plan_id: id },
  });
}

export function areaNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('AREA_NOT_FOUND', `Tenant ${tenantId} has no area ${id}.`, {
    metadata: { tenant_id: tenantId, area_id: id },
  });
}

/** Another plan or area of the tenant has this code. */
export function codeTaken(what: 'plan' | 'area', tenantId: string, code: string): BillingError {
  return new BillingError('CODE_TAKEN', `Another ${what} of tenant ${tenantId} has the code ${code}.`, {
    metadata: { tenant_id: tenantId, code },
  });
}

export function paymentNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('PAYMENT_NOT_FOUND', `Tenant ${tenantId} has no payment ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** The payment cannot be refunded by this amount. */
export function notRefundable(
  id: string,
  why: 'not_by_stripe' | 'not_captured' | 'other_currency' | 'more_than_left' | 'nothing_left',
  left: bigint,
): BillingError {
  const message = `Of payment ${id} that cannot be sent back (${why}): ${left} is left of it, in minor units.`;
  return new BillingError('NOT_REFUNDABLE', message, {
    metadata: { id, why, left_minor_units: String(left) },
  });
}
