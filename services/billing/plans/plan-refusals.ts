import { BillingError } from '../errors.ts';

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
