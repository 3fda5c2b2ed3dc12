import { Buffer } from 'node:buffer';
import {
  type Pool,
  type RunPrepared,
  sqlState,
  transactPrepared,
  violatedConstraint,
} from '@rollcall/runtime/postgres';
import type { InvoiceDraft } from '../invoices/invoice.ts';
import type { WriteRequest } from '../write-request.ts';
import { toKeptProfile } from './invoice-rows.ts';

/** What is issued, by which request, and when. */
export interface InvoiceIssue {
  readonly draft: InvoiceDraft;
  readonly request: WriteRequest;
  readonly now: Date;
}

/** Keeps an invoice under the next number of its tenant and year; false: the request did it before, and no number is used. */
export async function issueInvoice(pool: Pool, issue: InvoiceIssue): Promise<boolean> {
  try {
    await transactPrepared(pool, (run) => writeIssue(run, issue));
    return true;
  } catch (error) {
    if (sqlState(error) === '23505' && violatedConstraint(error) === 'invoices_request_id') return false;
    throw error;
  }
}

// The row of the counter is locked until the end: who comes next waits for the number to be used, or to be free again.
async function writeIssue(run: RunPrepared, { draft, request, now }: InvoiceIssue): Promise<void> {
  const { tenantId, id, userId, profile, total, lines } = draft;
  const year = now.getUTCFullYear();
  const [place] = await run<{ last_number: number; last_issue_time: Date }>(NEXT, [tenantId, year, now]);
  const about = [JSON.stringify(toKeptProfile(profile)), total.currencyCode, total.minorUnits];
  const by = [request.id, Buffer.from(request.fingerprint)];
  const values = [tenantId, id, year, place?.last_number, userId, ...about, ...by, place?.last_issue_time];
  await run(INSERT, values);
  const columns = [
    lines.map(({ description }) => description),
    lines.map(({ amount }) => String(amount.minorUnits)),
    lines.map(({ bookingId }) => bookingId),
  ];
  await run(INSERT_LINES, [tenantId, id, ...columns]);
}

const NEXT = {
  name: 'next_invoice_number',
  text: `insert into invoice_counters (tenant_id, year, last_number, last_issue_time) values ($1, $2, 1, $3)
    on conflict (tenant_id, year) do update set last_number = invoice_counters.last_number + 1,
      last_issue_time = greatest(invoice_counters.last_issue_time, excluded.last_issue_time)
    returning last_number, last_issue_time`,
};

const INSERT = {
  name: 'insert_invoice',
  text: `insert into invoices (tenant_id, id, year, number, user_id, state, profile, currency, total_minor_units,
      request_id, request_fingerprint, issue_time, update_time)
    values ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10, $11, $11)`,
};

const INSERT_LINES = {
  name: 'insert_invoice_lines',
  text: `insert into invoice_lines (tenant_id, invoice_id, position, description, minor_units, booking_id)
    select $1, $2, n, description, minor_units, booking_id
    from unnest($3::text[], $4::bigint[], $5::uuid[]) with ordinality as l (description, minor_units, booking_id, n)`,
};
