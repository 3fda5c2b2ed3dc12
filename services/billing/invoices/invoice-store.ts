import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Invoice, InvoiceDraft } from './invoice.ts';

/** Part of the invoices of a tenant, newest first. */
export interface InvoiceList {
  readonly tenantId: string;
  /** Only those of these users; absent: of everybody. */
  readonly userIds?: readonly string[];
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: TimePosition;
}

/** What a request id did before. */
interface EarlierInvoice {
  readonly invoice: Invoice;
  readonly fingerprint: Uint8Array;
}

/** Where invoices are kept. Ids are in lower case. */
export interface InvoiceStore {
  find(tenantId: string, id: string): Promise<Invoice | undefined>;
  findByRequest(tenantId: string, requestId: string): Promise<EarlierInvoice | undefined>;
  list(list: InvoiceList): Promise<Invoice[]>;
  /**
   * Gives a draft the next number of its tenant and year, and keeps it; no number is left out or given twice, and a later one
   * has no earlier time. Undefined, and no number is used: the request did it before.
   */
  issue(draft: InvoiceDraft, request: WriteRequest): Promise<Invoice | undefined>;
  /** Takes an invoice back where it is not paid. Answers it as it is then; undefined: there is none. */
  void(tenantId: string, id: string): Promise<Invoice | undefined>;
}
