import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { InvoiceStore } from '../invoices/invoice-store.ts';
import { type InvoiceRow, invoiceFromRow, SELECT_INVOICES } from './invoice-rows.ts';
import { issueInvoice } from './write-invoice.ts';

/**
 * Invoices by prepared statements.
 * @param now the time that an invoice is issued at, and whose year its number has. Default: the clock.
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

// Where the first page begins, so that it needs no statement of its own.
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
