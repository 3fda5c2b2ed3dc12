import { create } from '@bufbuild/protobuf';
import {
  GetInvoiceResponseSchema,
  type InvoiceService,
  IssueInvoiceResponseSchema,
  type ListInvoicesRequest,
  ListInvoicesResponseSchema,
  VoidInvoiceResponseSchema,
} from '@rollcall/contract/billing';
import { digestOf } from '@rollcall/runtime';
import { type Implementation, pageFromRequest } from '@rollcall/runtime/rpc';
import type { UserAliases } from '@rollcall/user-access';
import type { InvoiceStore } from '../invoices/invoice-store.ts';
import { issueInvoice } from '../invoices/issue-invoice.ts';
import { listInvoices } from '../invoices/list-invoices.ts';
import { invoiceNotFound, voidInvoice } from '../invoices/void-invoice.ts';
import type { FreshUsers } from '../users/fresh-users.ts';
import { linesFromMessage, toInvoiceMessage } from './invoice-message.ts';

/** What the calls work with. */
export interface InvoicePorts {
  readonly invoices: InvoiceStore;
  readonly freshUsers: FreshUsers;
  readonly aliases: UserAliases;
}

/** The calls of InvoiceService. */
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

// Whoever asks by an id that was merged away means the user who survived, and all that is the user's.
async function allIdsOf(
  aliases: UserAliases,
  { tenantId, userId }: Pick<ListInvoicesRequest, 'tenantId' | 'userId'>,
): Promise<{ userIds?: readonly string[] }> {
  if (!userId) return {};
  return { userIds: await aliases.allIdsOf(tenantId, [await aliases.survivorOf(tenantId, userId)]) };
}
