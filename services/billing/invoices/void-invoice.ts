import { BillingError } from '../errors.ts';
import type { Invoice } from './invoice.ts';
import type { InvoiceStore } from './invoice-store.ts';

/** Takes an invoice back; it keeps its number. Again: nothing. Throws BillingError INVOICE_NOT_FOUND, INVOICE_SETTLED. */
export async function voidInvoice(
  invoices: Pick<InvoiceStore, 'void'>,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<Invoice> {
  const invoice = await invoices.void(tenantId, id);
  if (!invoice) throw invoiceNotFound(tenantId, id);
  if (invoice.state !== 'PAID') return invoice;
  throw new BillingError('INVOICE_SETTLED', `Invoice ${invoice.number} is paid and cannot be taken back.`, {
    metadata: { tenant_id: tenantId, id, number: invoice.number },
  });
}

/** That the tenant has no invoice of this id. */
export function invoiceNotFound(tenantId: string, id: string): BillingError {
  return new BillingError('INVOICE_NOT_FOUND', `Tenant ${tenantId} has no invoice ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}
