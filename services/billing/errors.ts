/** Why the domain refuses; the names stand in the `ErrorReason` of billing, or of users for what all services share. */
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

/** What a `BillingError` carries beside its reason and message. */
interface BillingErrorOptions {
  /** Every changing part of the message. Never contact or card data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is wrong with a field of the request, by its path in the contract: `plan.prices`. */
  readonly faults?: Readonly<Record<string, string>>;
  /** How long to wait before trying again, in ms. Absent: waiting does not help, or nobody said how long. */
  readonly retryDelayMs?: number;
  /** What led to it; logged, never sent. */
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

/** That nobody of this id ever subscribed. */
export function customerNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('CUSTOMER_NOT_FOUND', `Tenant ${tenantId} has no customer ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** That the tenant has no invoice of this id. */
export function invoiceNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('INVOICE_NOT_FOUND', `Tenant ${tenantId} has no invoice ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** That a request id was used before for something else. */
export function requestIdReused(requestId: string): BillingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BillingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}

/** That the tenant has no plan of this id. */
export function planNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('PLAN_NOT_FOUND', `Tenant ${tenantId} has no plan ${id}.`, {
    metadata: { tenant_id: tenantId, plan_id: id },
  });
}

/** That the tenant has no area of this id. */
export function areaNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('AREA_NOT_FOUND', `Tenant ${tenantId} has no area ${id}.`, {
    metadata: { tenant_id: tenantId, area_id: id },
  });
}

/** That the tenant has another plan or area of this code. */
export function codeTaken(what: 'plan' | 'area', tenantId: string, code: string): BillingError {
  return new BillingError('CODE_TAKEN', `Another ${what} of tenant ${tenantId} has the code ${code}.`, {
    metadata: { tenant_id: tenantId, code },
  });
}

/** That a tenant has no such payment. */
export function paymentNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('PAYMENT_NOT_FOUND', `Tenant ${tenantId} has no payment ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** That money cannot go back. */
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
