import { Buffer } from 'node:buffer';
import {
  type Pool,
  type RunPrepared,
  runPrepared,
  sqlState,
  transactPrepared,
  violatedConstraint,
} from '@rollcall/runtime/postgres';
import type { InvoiceDraft } from '../invoices/invoice.ts';
import type { InvoiceStore } from '../invoices/invoice-store.ts';
import type { WriteRequest } from '../write-request.ts';
import { type InvoiceRow, invoiceFromRow, SELECT_INVOICES, toStoredProfile } from './invoice-rows.ts';

/**
 * Stores invoices by prepared statements.
 * @param now the issue time of an invoice, whose year is part of the number. @defaultValue the system
 * clock
 */
export function createPostgresInvoiceStore(pool: Pool, now: () => Date = () => new Date()): InvoiceStore {
  const select = (statement: { name: string; text: string }, values: unknown[]) =>
    runPrepared<InvoiceRow>(pool, statement, values);
  const find: InvoiceStore['find'] = async (tenantId, id) => {
    const [row] = await select(FIND, [tenantId, id]);
    return row && invoiceFromRow(row);
  };
  return {
    find,
    async findByRequest(tenantId, requestId) {
      const [row] = await select(FIND_BY_REQUEST, [tenantId, requestId]);
      if (!row?.request_fingerprint) return undefined;
      return { invoice: invoiceFromRow(row), fingerprint: row.request_fingerprint };
    },
    async list({ tenantId, userIds, limit, after }) {
      const before = after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
      const rows = userIds
        ? await select(LIST_OF_USERS, [tenantId, ...before, limit, userIds])
        : await select(LIST, [tenantId, ...before, limit]);
      return rows.map(invoiceFromRow);
    },
    async issue(draft, request) {
      const isIssued = await issueInvoice(pool, { draft, request, now: now() });
      return isIssued ? find(draft.tenantId, draft.id) : undefined;
    },
    async void(tenantId, id) {
      await runPrepared(pool, VOID, [tenantId, id, now()]);
      return find(tenantId, id);
    },
  };
}

// The position before the first page, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const PAGE = `and (i.issue_time, i.id) < ($2::timestamptz, $3::uuid) order by i.issue_time desc, i.id desc limit $4`;

const FIND = { name: 'invoice', text: `${SELECT_INVOICES} where i.tenant_id = $1 and i.id = $2` };

const FIND_BY_REQUEST = {
  name: 'invoice_by_request',
  text: `${SELECT_INVOICES} where i.tenant_id = $1 and i.request_id = $2`,
};

const LIST = { name: 'invoices', text: `${SELECT_INVOICES} where i.tenant_id = $1 ${PAGE}` };

const LIST_OF_USERS = {
  name: 'invoices_of_users',
  text: `${SELECT_INVOICES} where i.tenant_id = $1 and i.user_id = any($5::uuid[]) ${PAGE}`,
};

const VOID = {
  name: 'void_invoice',
  text: `update invoices set state = 'VOID', update_time = greatest(update_time, $3::timestamptz)
    where tenant_id = $1 and id = $2 and state in ('OPEN', 'UNCOLLECTIBLE')`,
};

/** An invoice to issue, with its request and time. */
interface InvoiceIssue {
  readonly draft: InvoiceDraft;
  readonly request: WriteRequest;
  readonly now: Date;
}

/**
 * Stores an invoice under the next number of its tenant and year. False when the request was handled
 * before; no number is used then.
 */
export async function issueInvoice(pool: Pool, issue: InvoiceIssue): Promise<boolean> {
  try {
    await transactPrepared(pool, (run) => writeIssue(run, issue));
    return true;
  } catch (error) {
    if (sqlState(error) === '23505' && violatedConstraint(error) === 'invoices_request_id') return false;
    throw error;
  }
}

// The row of the counter stays locked until the commit, so that a concurrent call waits for the number.
async function writeIssue(run: RunPrepared, { draft, request, now }: InvoiceIssue): Promise<void> {
  const { tenantId, id, userId, profile, total, lines } = draft;
  const year = now.getUTCFullYear();
  const [place] = await run<{ last_number: number; last_issue_time: Date }>(NEXT, [tenantId, year, now]);
  const about = [JSON.stringify(toStoredProfile(profile)), total.currencyCode, total.minorUnits];
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
