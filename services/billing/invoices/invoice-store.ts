import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Invoice, InvoiceDraft } from './invoice.ts';

/** A page request for the invoices of a tenant, newest first. */
export interface InvoiceList {
  readonly tenantId: string;
  /** Absent: the invoices of all users. */
  readonly userIds?: readonly string[];
  readonly limit: number;
  /** The page begins after this position. Absent: it begins with the newest invoice. */
  readonly after?: TimePosition;
}

/** The invoice that an earlier call with the same request id issued. */
interface EarlierInvoice {
  readonly invoice: Invoice;
  readonly fingerprint: Uint8Array;
}

/** Storage of invoices. Ids are in lower case. */
export interface InvoiceStore {
  find(tenantId: string, id: string): Promise<Invoice | undefined>;
  findByRequest(tenantId: string, requestId: string): Promise<EarlierInvoice | undefined>;
  list(list: InvoiceList): Promise<Invoice[]>;
  /**
   * Gives a draft the next number of its tenant and year, and stores it. Numbers have no gap and no
   * duplicate, and a later number has no earlier time. Undefined when the request was handled before; no
   * number is used then.
   */
  issue(draft: InvoiceDraft, request: WriteRequest): Promise<Invoice | undefined>;
  /**
   * Voids an invoice unless it is paid. Returns the invoice after the call; undefined when it does not
   * exist.
   */
  void(tenantId: string, id: string): Promise<Invoice | undefined>;
}
