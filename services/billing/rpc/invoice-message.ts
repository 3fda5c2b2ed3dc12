import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Invoice as InvoiceMessage,
  InvoiceSchema,
  type InvoiceLine as LineMessage,
  InvoiceState as StateMessage,
} from '@rollcall/contract/billing';
import { requireVisible } from '@rollcall/runtime/rpc';
import type { Invoice, InvoiceLine } from '../invoices/invoice.ts';
import { moneyFromMessage } from './money-message.ts';

/** The lines that are asked for. Throws RpcError FIELD_INVALID. */
export function linesFromMessage(lines: readonly LineMessage[]): InvoiceLine[] {
  return lines.map(({ description, amount, bookingId }, i) => ({
    description: requireVisible(`lines[${i}].description`, description),
    amount: moneyFromMessage(amount),
    bookingId: bookingId.toLowerCase() || null,
  }));
}

/** An invoice as it goes over the wire. */
export function toInvoiceMessage(invoice: Invoice): InvoiceMessage {
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
