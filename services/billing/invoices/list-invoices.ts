import { type Page, type TimePosition, toPage } from '../page.ts';
import type { Invoice } from './invoice.ts';
import type { InvoiceList, InvoiceStore } from './invoice-store.ts';

/** Reads one page of invoices. The page is shorter than requested when an answer cannot hold it. */
export async function listInvoices(
  invoices: Pick<InvoiceStore, 'list'>,
  list: InvoiceList,
): Promise<Page<Invoice, TimePosition>> {
  // One extra row shows whether a next page exists.
  const found = await invoices.list({ ...list, limit: list.limit + 1 });
  const fitting = countWithinLimit(found.slice(0, list.limit));
  return toPage(found, fitting, ({ issueTime, id }) => ({ timeMs: issueTime.getTime(), id }));
}

/**
 * The maximum size of the invoices in one answer, in bytes. It leaves room for the rest of a 4 MiB
 * message.
 */
export const MAX_ANSWER_BYTES = 3_900_000;

/** Counts the leading invoices that certainly fit into one answer; at least 1. */
export function countWithinLimit(invoices: readonly Invoice[]): number {
  let bytes = 0;
  const tooMany = invoices.findIndex((each, i) => {
    bytes += maxEncodedBytes(each);
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? invoices.length : tooMany;
}

// Upper bounds for all fields of bounded length with their field names, per invoice and per line.
const FRAME_BYTES = 1000;
const LINE_BYTES = 100;
// UTF-8 takes at most 3 bytes for each unit of UTF-16.
const TEXT_BYTES = 3;

/** An upper bound for the encoded size of an invoice, in bytes. It is cheaper than encoding. */
function maxEncodedBytes({ profile, lines }: Invoice): number {
  const { displayName, businessName, email, phone, addressLines } = profile;
  const texts = [displayName, businessName, email, phone, ...addressLines];
  const lineTexts = lines.map(({ description }) => description);
  const length = [...texts, ...lineTexts].reduce((sum, text) => sum + text.length, 0);
  return FRAME_BYTES + LINE_BYTES * (lines.length + addressLines.length) + TEXT_BYTES * length;
}
