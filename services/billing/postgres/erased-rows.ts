import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { ErasedRows } from '@rollcall/user-access';
import { BillingError } from '../errors.ts';
import { idempotencyKey, type StripeGateway } from '../payments/stripe-gateway.ts';

const STATEMENTS = [
  {
    // Tax law requires the name and the address on an invoice, but neither e-mail nor phone.
    name: 'erase_invoices',
    text: `with chosen as (
        select tenant_id, id from invoices
        where tenant_id = $1 and user_id = any($2::uuid[]) and (profile ->> 'email' <> '' or profile ->> 'phone' <> '')
        order by id limit $3 for update
      )
      update invoices i set profile = i.profile || '{"email": "", "phone": ""}'
      from chosen s where i.tenant_id = s.tenant_id and i.id = s.id returning 1`,
  },
  {
    // Only free subscriptions: the others end with the customer at Stripe.
    name: 'erase_subscriptions',
    text: `with chosen as (
        select tenant_id, id from subscriptions
        where tenant_id = $1 and customer_id = any($2::uuid[]) and stripe_price_id is null
          and state not in ('CANCELED', 'INCOMPLETE_EXPIRED')
        order by id limit $3 for update
      )
      update subscriptions u set state = 'CANCELED', end_time = least(end_time, now()), update_time = now()
      from chosen s where u.tenant_id = s.tenant_id and u.id = s.id returning 1`,
  },
];

const STRIPE_CUSTOMER = {
  name: 'erase_stripe_customer',
  text: `select stripe_customer_id from customers where tenant_id = $1 and id = $2 and stripe_customer_id is not null`,
};

/**
 * Clears billing's data of erased users. Invoices keep the name and the address; payments and Stripe's
 * events name no person. The customer at Stripe is deleted, which ends its subscriptions.
 */
export function erasedRows(
  pool: Pool,
  gateway: Pick<StripeGateway, 'isConfigured' | 'deleteCustomer'>,
): ErasedRows {
  return {
    statements: STATEMENTS,
    async elsewhere({ tenantId, userId }) {
      const values = [tenantId, userId];
      const [row] = await runPrepared<{ stripe_customer_id: string }>(pool, STRIPE_CUSTOMER, values);
      if (!row) return '';
      const left = `Stripe customer ${row.stripe_customer_id} is to be deleted by hand`;
      if (!gateway.isConfigured) return `${left}: the service has no STRIPE_API_KEY.`;
      try {
        const key = idempotencyKey({ what: 'erase', tenantId, requestId: userId });
        await gateway.deleteCustomer({ customerId: row.stripe_customer_id, idempotencyKey: key });
        return '';
      } catch (error) {
        if (!(error instanceof BillingError) || error.reason === 'STRIPE_UNAVAILABLE') throw error;
        return `${left}: Stripe refused it (${error.reason}).`;
      }
    },
  };
}
