import { type Page, type TimePosition, toPage } from '../page.ts';
import type { Invoice } from './invoice.ts';
import type { InvoiceList, InvoiceStore } from './invoice-store.ts';

/** One page of invoices. Shorter than asked for where an answer cannot hold it. */
export async function listInvoices(
  invoices: Pick<InvoiceStore, 'list'>,
  list: InvoiceList,
): Promise<Page<Invoice, TimePosition>> {
  // One more than asked for tells whether there is a next page.
  const found = await invoices.list({ ...list, limit: list.limit + 1 });
  const fitting = countWithinLimit(found.slice(0, list.limit));
  return toPage(found, fitting, ({ issueTime, id }) => ({ timeMs: issueTime.getTime(), id }));
}

/** The most bytes of invoices in one answer: what fits into a message of 4 MiB with room for what stands around them. */
export const MAX_ANSWER_BYTES = 3_900_000;

/** How many of these, from the first on, surely fit into one answer; at least one. */
export function countWithinLimit(invoices: readonly Invoice[]): number {
  let bytes = 0;
  const tooMany = invoices.findIndex((each, i) => {
    bytes += maxEncodedBytes(each);
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? invoices.length : tooMany;
}

// Ids, times, state, number, total: all of bounded length, with their field names; and the same of a line.
const FRAME_BYTES = 1000;
const LINE_BYTES = 100;
// UTF-8 takes at most three for each unit of UTF-16.
const TEXT_BYTES = 3;

/** No fewer bytes than the invoice takes on the wire; quicker than to write it down and look. */
function maxEncodedBytes({ profile, lines }: Invoice): number {
  const { displayName, businessName, email, phone, addressLines } = profile;
  const texts = [displayName, businessName, email, phone, ...addressLines];
  const lineTexts = lines.map(({ description }) => description);
  const length = [...texts, ...lineTexts].reduce((sum, text) => sum + text.length, 0);
  return FRAME_BYTES + LINE_BYTES * (lines.length + addressLines.length) + TEXT_BYTES * length;
}
