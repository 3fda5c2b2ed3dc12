import { type Page, type TimePosition, toPage } from '../page.ts';
import { countFitting } from './answer-size.ts';
import type { Invoice } from './invoice.ts';
import type { InvoiceList, InvoiceStore } from './invoice-store.ts';

/** One page of invoices. Shorter than asked for where an answer cannot hold it. */
export async function listInvoices(
  invoices: Pick<InvoiceStore, 'list'>,
  list: InvoiceList,
): Promise<Page<Invoice, TimePosition>> {
  // One more than asked for tells whether there is a next page.
  const found = await invoices.list({ ...list, limit: list.limit + 1 });
  const fitting = countFitting(found.slice(0, list.limit));
  return toPage(found, fitting, ({ issueTime, id }) => ({ timeMs: issueTime.getTime(), id }));
}
