import { Buffer } from 'node:buffer';
import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { KnownPaymentRequest, PaymentRequests } from '../payments/payment-requests.ts';

/** Requests by prepared statements, each a transaction of its own. */
export function createPostgresPaymentRequests(pool: Pool): PaymentRequests {
  return {
    async find(tenantId, requestId) {
      const [row] = await runPrepared<RequestRow>(pool, FIND, [tenantId, requestId]);
      return row && requestFromRow(row);
    },
    async begin({ tenantId, request, refund }) {
      const [row] = await runPrepared<RequestRow>(pool, BEGIN, [
        ...[tenantId, request.id, Buffer.from(request.fingerprint)],
        ...[refund?.paymentId ?? null, refund?.minorUnits ?? null],
      ]);
      if (!row) throw new Error(`Request ${request.id} of ${tenantId} was not written down`);
      return requestFromRow(row);
    },
    async finish({ tenantId, requestId }, stripeId) {
      await runPrepared(pool, FINISH, [tenantId, requestId, stripeId]);
    },
  };
}

interface RequestRow {
  tenant_id: string;
  request_id: string;
  request_fingerprint: Uint8Array;
  payment_id: string | null;
  minor_units: string | null;
  stripe_id: string | null;
  create_time: Date;
  attempt_time: Date;
}

const COLUMNS = `tenant_id, request_id, request_fingerprint, payment_id, minor_units, stripe_id, create_time, attempt_time`;

const FIND = {
  name: 'payment_request',
  text: `select ${COLUMNS} from payment_requests where tenant_id = $1 and request_id = $2`,
};

const BEGIN = {
  name: 'payment_request_begin',
  text: `insert into payment_requests (tenant_id, request_id, request_fingerprint, payment_id, minor_units)
    values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, request_id) do update set attempt_time = now() returning ${COLUMNS}`,
};

const FINISH = {
  name: 'payment_request_finish',
  text: `update payment_requests set stripe_id = $3 where tenant_id = $1 and request_id = $2`,
};

function requestFromRow(row: RequestRow): KnownPaymentRequest {
  const { payment_id: paymentId, minor_units: minorUnits } = row;
  return {
    tenantId: row.tenant_id,
    request: { id: row.request_id, fingerprint: row.request_fingerprint },
    ...(paymentId !== null &&
      minorUnits !== null && { refund: { paymentId, minorUnits: BigInt(minorUnits) } }),
    stripeId: row.stripe_id,
    createTime: row.create_time,
    attemptTime: row.attempt_time,
  };
}
