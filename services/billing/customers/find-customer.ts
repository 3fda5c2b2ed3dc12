import type { UserAliases } from '@rollcall/user-access';
import { customerNotFound } from '../errors.ts';
import type { Customer } from './customer.ts';
import type { CustomerStore } from './customer-store.ts';

export interface FindCustomerPorts {
  readonly customers: Pick<CustomerStore, 'find'>;
  readonly aliases: UserAliases;
}

/** The id of a customer, or of a user who was merged with it. */
export interface CustomerRef {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Finds the customer of a user by any id that the user has or had. Of several customers the one with the
 * surviving user's id wins, then the newest.
 * @throws BillingError CUSTOMER_NOT_FOUND when no id of the user has a customer.
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
