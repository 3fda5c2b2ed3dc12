import { CustomerService, InvoiceService, PaymentService, PlanService } from '@rollcall/contract/billing';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { describe, expect, it } from 'vitest';
import { createCustomerClient, createInvoiceClient, createPaymentClient, createPlanClient } from './index.ts';

const asked = { tenantId: 'acme', id: 'x1' };

describe('the clients of the billing service', () => {
  it('call plans until they are closed', async () => {
    await using server = await startGrpcTestServer(PlanService, {
      getPlan: (request) => ({ plan: of(request) }),
    });
    using plans = createPlanClient({ address: server.address });
    expect((await plans.getPlan(asked)).plan).toMatchObject(asked);
    plans.close();
    await expect(plans.getPlan(asked)).rejects.toThrow('the transport is closed');
  });

  it('call customers', async () => {
    const getCustomer = (request: typeof asked) => ({ customer: of(request) });
    await using server = await startGrpcTestServer(CustomerService, { getCustomer });
    using customers = createCustomerClient({ address: server.address });
    expect((await customers.getCustomer(asked)).customer).toMatchObject(asked);
  });

  it('call invoices', async () => {
    const getInvoice = (request: typeof asked) => ({ invoice: of(request) });
    await using server = await startGrpcTestServer(InvoiceService, { getInvoice });
    using invoices = createInvoiceClient({ address: server.address });
    expect((await invoices.getInvoice(asked)).invoice).toMatchObject(asked);
  });

  it('call payments', async () => {
    const getPayment = (request: typeof asked) => ({ payment: of(request) });
    await using server = await startGrpcTestServer(PaymentService, { getPayment });
    using payments = createPaymentClient({ address: server.address });
    expect((await payments.getPayment(asked)).payment).toMatchObject(asked);
  });

  it.each([createPlanClient, createCustomerClient, createInvoiceClient, createPaymentClient])(
    'require an address or a transport: %o',
    (createClient) => {
      expect(() => createClient({})).toThrow(
        expect.objectContaining({ reason: 'option_invalid', option: 'address' }),
      );
    },
  );
});

function of({ tenantId, id }: typeof asked) {
  return { tenantId, id };
}
