import type { UserAliases } from '@rollcall/user-access';
import { customerNotFound } from '../errors.ts';
import type { Customer } from './customer.ts';
import type { CustomerStore } from './customer-store.ts';

/** What finding works with. */
export interface FindCustomerPorts {
  readonly customers: Pick<CustomerStore, 'find'>;
  readonly aliases: UserAliases;
}

/** Which customer: its id, or that of a user who was merged with it. */
export interface CustomerRef {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * The customer of a user by whatever id it has or had. Where several of these ids are customers it is that of the user who
 * survived; where that one never subscribed, the newest. Throws BillingError CUSTOMER_NOT_FOUND.
 */
export async function findCustomer(
  { customers, aliases }: FindCustomerPorts,
  { tenantId, id }: CustomerRef,
): Promise<Customer> {
  const survivor = await aliases.survivorOf(tenantId, id);
  const found = await customers.find(tenantId, await aliases.allIdsOf(tenantId, [survivor]));
  const customer = found.find((each) => each.id === survivor) ?? newest(found);
  if (customer) return customer;
  throw customerNotFound(tenantId, id);
}

function newest(customers: readonly Customer[]): Customer | undefined {
  return customers.toSorted((a, b) => b.createTime.getTime() - a.createTime.getTime())[0];
}
