import type { Interceptor } from '@connectrpc/connect';
import { currentRequestId, REQUEST_ID_HEADER } from '@rollcall/runtime/rpc';

/**
 * Sends the id of the call that is being served along with the calls that it makes, so that one id is found in the logs of
 * both services. A call that several share carries the id of whoever began it. Streams belong to no call, and carry none.
 */
export const passOnRequestId: Interceptor = (next) => (request) => {
  const requestId = currentRequestId();
  if (!request.stream && requestId !== undefined) request.header.set(REQUEST_ID_HEADER, requestId);
  return next(request);
};
