import { runtimeError } from '@rollcall/runtime/rpc';
import type { PlanPrice } from '../plans/plan.ts';
import type { PlanStore } from '../plans/plan-store.ts';
import { faultsOfPrices } from '../plans/price-faults.ts';

/** Throws RpcError FIELD_INVALID that names every fault of the prices, and BillingError AREA_NOT_FOUND. */
export async function requirePrices(
  store: Pick<PlanStore, 'findAreas'>,
  tenantId: string,
  prices: readonly PlanPrice[],
): Promise<void> {
  const faults = Object.entries(await faultsOfPrices(store, tenantId, prices));
  if (faults.length === 0) return;
  const violations = faults.map(([place, description]) => ({ field: `plan.prices${place}`, description }));
  const told = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
  const fields = violations.map(({ field }) => field).join(',');
  throw runtimeError('FIELD_INVALID', `${told}.`, { violations, metadata: { fields } });
}
