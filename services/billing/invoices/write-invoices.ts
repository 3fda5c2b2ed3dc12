import { v7 as uuidv7 } from 'uuid';
import { BillingError, invoiceNotFound } from '../errors.ts';
import type { FreshUsers } from '../fresh-users.ts';
import type { Money } from '../money.ts';
import { requireActive } from '../require-active-user.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import { type Invoice, type InvoiceLine, profileFromUser } from './invoice.ts';
import type { InvoiceStore } from './invoice-store.ts';

interface IssueInvoicePorts {
  readonly invoices: Pick<InvoiceStore, 'issue' | 'findByRequest'>;
  readonly freshUsers: FreshUsers;
}

/** The invoice to issue. Ids are in lower case. */
interface IssueInvoiceCommand {
  readonly tenantId: string;
  readonly userId: string;
  readonly lines: readonly InvoiceLine[];
  readonly request: WriteRequest;
  readonly signal: AbortSignal;
}

/** The outcome of `issueInvoice`. */
interface IssuedInvoice {
  readonly invoice: Invoice;
  /** True: an earlier call with the same request id issued the invoice. */
  readonly replayed: boolean;
}

/**
 * Issues an invoice with the current contact data of the user, once per request. After a merge it names
 * the survivor.
 * @throws BillingError LINES_INVALID, REQUEST_ID_REUSED, USER_NOT_ELIGIBLE or USER_UNKNOWN_NOW.
 */
export async function issueInvoice(
  ports: IssueInvoicePorts,
  command: IssueInvoiceCommand,
): Promise<IssuedInvoice> {
  const { tenantId, userId, lines, request, signal } = command;
  const total = totalOfLines(lines);
  // Before the user is checked: a finished request stays finished, whatever happened to the user since.
  const before = await replay(ports, command);
  if (before) return before;
  const { user } = requireActive(await ports.freshUsers.read(tenantId, userId, signal), { tenantId, userId });
  const draft = { tenantId, id: uuidv7(), userId: user.id, profile: profileFromUser(user), lines, total };
  const invoice = await ports.invoices.issue(draft, request);
  if (invoice) return { invoice, replayed: false };
  // A concurrent call of this request was faster.
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

/**
 * Voids an invoice, which keeps its number. A repeat changes nothing.
 * @throws BillingError INVOICE_NOT_FOUND or INVOICE_SETTLED.
 */
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

/**
 * Adds up the lines.
 * @throws BillingError LINES_INVALID when the currencies differ, or the sum is negative or too large.
 */
export function totalOfLines(lines: readonly InvoiceLine[]): Money {
  const currencyCode = lines[0]?.amount.currencyCode ?? '';
  const odd = lines.findIndex(({ amount }) => amount.currencyCode !== currencyCode);
  if (odd >= 0)
    throw invalid({
      [`lines[${odd}].amount.currency_code`]: `must be ${currencyCode}, as in the first line`,
    });
  const minorUnits = lines.reduce((sum, { amount }) => sum + amount.minorUnits, 0n);
  if (minorUnits < 0n)
    throw invalid({ lines: `must not come to less than nothing, and come to ${minorUnits}` });
  if (minorUnits > MAX_MINOR_UNITS) throw invalid({ lines: 'come to more than can be counted' });
  return { currencyCode, minorUnits };
}

// The maximum of the contract's and the column's type.
const MAX_MINOR_UNITS = 2n ** 63n - 1n;

function invalid(faults: Readonly<Record<string, string>>): BillingError {
  const texts = Object.entries(faults).map(([field, fault]) => `${field} ${fault}`);
  return new BillingError('LINES_INVALID', `${texts.join('; ')}.`, {
    metadata: { fields: Object.keys(faults).join(',') },
    faults,
  });
}
