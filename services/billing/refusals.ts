import { BillingError } from './errors.ts';

/** That a request id was used before for something else. */
export function requestIdReused(requestId: string): BillingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BillingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}
