import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  GetInvoiceResponseSchema,
  type Invoice as InvoiceMessage,
  InvoiceSchema,
  type InvoiceService,
  IssueInvoiceResponseSchema,
  type InvoiceLine as LineMessage,
  type ListInvoicesRequest,
  ListInvoicesResponseSchema,
  InvoiceState as StateMessage,
  VoidInvoiceResponseSchema,
} from '@rollcall/contract/billing';
import { digestOf } from '@rollcall/runtime';
import { type Implementation, pageFromRequest, requireVisible } from '@rollcall/runtime/rpc';
import type { UserAliases } from '@rollcall/user-access';
import { invoiceNotFound } from '../errors.ts';
import type { FreshUsers } from '../fresh-users.ts';
import type { Invoice, InvoiceLine } from '../invoices/invoice.ts';
import type { InvoiceStore } from '../invoices/invoice-store.ts';
import { listInvoices } from '../invoices/list-invoices.ts';
import { issueInvoice, voidInvoice } from '../invoices/write-invoices.ts';
import { moneyFromMessage } from './request-fields.ts';

interface InvoicePorts {
  readonly invoices: InvoiceStore;
  readonly freshUsers: FreshUsers;
  readonly aliases: UserAliases;
}

/** Implements InvoiceService. */
export function invoiceServiceImplementation(ports: InvoicePorts): Implementation<typeof InvoiceService> {
  const { invoices, aliases } = ports;
  return {
    async issueInvoice({ tenantId, requestId, userId: user, lines: messages }, { signal }) {
      const [userId, lines] = [user.toLowerCase(), linesFromMessage(messages)];
      const request = { id: requestId.toLowerCase(), fingerprint: digestOf({ userId, lines }) };
      const issued = await issueInvoice(ports, { tenantId, userId, lines, request, signal });
      const { invoice, replayed } = issued;
      return create(IssueInvoiceResponseSchema, { invoice: toInvoiceMessage(invoice), replayed });
    },
    async getInvoice({ tenantId, id }) {
      const invoice = await invoices.find(tenantId, id.toLowerCase());
      if (!invoice) throw invoiceNotFound(tenantId, id);
      return create(GetInvoiceResponseSchema, { invoice: toInvoiceMessage(invoice) });
    },
    async listInvoices(request) {
      const userId = request.userId.toLowerCase();
      const { page, tokens } = pageFromRequest(request, ['ListInvoices', userId]);
      const userIds = await allIdsOf(aliases, { tenantId: page.tenantId, userId });
      const { rows, next } = await listInvoices(invoices, { ...page, ...userIds });
      return create(ListInvoicesResponseSchema, {
        invoices: rows.map(toInvoiceMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async voidInvoice({ tenantId, id }) {
      const invoice = await voidInvoice(invoices, { tenantId, id: id.toLowerCase() });
      return create(VoidInvoiceResponseSchema, { invoice: toInvoiceMessage(invoice) });
    },
  };
}

// The id of a merged user stands for the survivor and all its ids.
async function allIdsOf(
  aliases: UserAliases,
  { tenantId, userId }: Pick<ListInvoicesRequest, 'tenantId' | 'userId'>,
): Promise<{ userIds?: readonly string[] }> {
  if (!userId) return {};
  return { userIds: await aliases.allIdsOf(tenantId, [await aliases.survivorOf(tenantId, userId)]) };
}

/**
 * Maps the requested lines.
 * @throws RpcError FIELD_INVALID when a description is not visible text.
 */
function linesFromMessage(lines: readonly LineMessage[]): InvoiceLine[] {
  return lines.map(({ description, amount, bookingId }, i) => ({
    description: requireVisible(`lines[${i}].description`, description),
    amount: moneyFromMessage(amount),
    bookingId: bookingId.toLowerCase() || null,
  }));
}

function toInvoiceMessage(invoice: Invoice): InvoiceMessage {
  const { state, profile, lines, paymentId, stripeInvoiceId, issueTime, updateTime, ...rest } = invoice;
  return create(InvoiceSchema, {
    ...rest,
    state: StateMessage[state],
    profile: { ...profile, addressLines: [...profile.addressLines] },
    lines: lines.map((line) => ({ ...line, bookingId: line.bookingId ?? '' })),
    paymentId: paymentId ?? '',
    stripeInvoiceId: stripeInvoiceId ?? '',
    issueTime: timestampFromDate(issueTime),
    updateTime: timestampFromDate(updateTime),
  });
}
