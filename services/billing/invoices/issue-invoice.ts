import { v7 as uuidv7 } from 'uuid';
import { requireActive } from '../users/active-user.ts';
import type { FreshUsers } from '../users/fresh-users.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import { profileFromUser } from './frozen-profile.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import type { InvoiceStore } from './invoice-store.ts';
import { totalOfLines } from './total-of-lines.ts';

/** What IssueInvoice works with. */
export interface IssueInvoicePorts {
  readonly invoices: Pick<InvoiceStore, 'issue' | 'findByRequest'>;
  readonly freshUsers: FreshUsers;
}

/** The invoice to issue. Ids are in lower case. */
export interface IssueInvoiceCommand {
  readonly tenantId: string;
  readonly userId: string;
  readonly lines: readonly InvoiceLine[];
  readonly request: WriteRequest;
  readonly signal: AbortSignal;
}

/** An invoice. */
export interface IssuedInvoice {
  readonly invoice: Invoice;
  /** An earlier call with the same request id made it. */
  readonly replayed: boolean;
}

/**
 * Issues an invoice with the user as it is at this moment, once per request. After a merge it names the survivor.
 * Throws BillingError LINES_INVALID, REQUEST_ID_REUSED, USER_NOT_ELIGIBLE, USER_UNKNOWN_NOW.
 */
export async function issueInvoice(
  ports: IssueInvoicePorts,
  command: IssueInvoiceCommand,
): Promise<IssuedInvoice> {
  const { tenantId, userId, lines, request, signal } = command;
  const total = totalOfLines(lines);
  // Before the user is looked at: what was done stays done, whatever became of the user since.
  const before = await replay(ports, command);
  if (before) return before;
  const { user } = requireActive(await ports.freshUsers.read(tenantId, userId, signal), { tenantId, userId });
  const draft = { tenantId, id: uuidv7(), userId: user.id, profile: profileFromUser(user), lines, total };
  const invoice = await ports.invoices.issue(draft, request);
  if (invoice) return { invoice, replayed: false };
  // The same request was at work at the same time, and faster.
  const meanwhile = await replay(ports, command);
  if (meanwhile) return meanwhile;
  throw new Error(`Request ${request.id} of ${tenantId} issued an invoice that cannot be found`);
}

async function replay(
  { invoices }: IssueInvoicePorts,
  { tenantId, request }: IssueInvoiceCommand,
): Promise<IssuedInvoice | undefined> {
  const earlier = await invoices.findByRequest(tenantId, request.id);
  if (!earlier) return undefined;
  requireSameRequest(request, earlier.fingerprint);
  return { invoice: earlier.invoice, replayed: true };
}
