import { Buffer } from 'node:buffer';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';

/** A request and the row that it makes. */
interface ClaimedRequest {
  readonly tenantId: string;
  /** Undefined: a repeated call is not recognised. */
  readonly request: WriteRequest | undefined;
  readonly madeId: string;
}

/**
 * Records what a request makes, in the transaction that makes it. Returns undefined for a new request, and
 * otherwise the id of what it made before. A concurrent call with the same request id is waited for.
 * @throws BookingError REQUEST_ID_REUSED
 */
export async function claimRequest(
  run: RunPrepared,
  { tenantId, request, madeId }: ClaimedRequest,
): Promise<string | undefined> {
  if (!request) return undefined;
  const claim = [tenantId, request.id, Buffer.from(request.fingerprint), madeId, new Date()];
  return (await run(CLAIM, claim)).length > 0 ? undefined : findRequest(run, tenantId, request);
}

/**
 * Returns the id of what a request made before, or undefined.
 * @throws BookingError REQUEST_ID_REUSED
 */
export async function findRequest(
  run: RunPrepared,
  tenantId: string,
  request: WriteRequest,
): Promise<string | undefined> {
  const [row] = await run<{ made_id: string; fingerprint: Buffer }>(CLAIMED, [tenantId, request.id]);
  if (row) requireSameRequest(request, row.fingerprint);
  return row?.made_id;
}

const CLAIM = {
  name: 'request_claim',
  text: `insert into made_by_request (tenant_id, request_id, fingerprint, made_id, create_time)
    values ($1, $2, $3, $4, $5) on conflict do nothing returning made_id`,
};

const CLAIMED = {
  name: 'request_claimed',
  text: 'select made_id, fingerprint from made_by_request where tenant_id = $1 and request_id = $2',
};
