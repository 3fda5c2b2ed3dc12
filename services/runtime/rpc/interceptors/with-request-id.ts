import { randomUUID } from 'node:crypto';
import { type Interceptor, runAsCurrent } from '../call.ts';

/** Header that carries the request id in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id';

const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Sets the request id: that of the caller if it is valid, so that one id follows a request through all
 * services, else a new one. Must be the outermost interceptor, because all others use the id.
 */
export const withRequestId: Interceptor = (next) => (call) => {
  const given = call.header(REQUEST_ID_HEADER);
  call.requestId = given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID();
  call.setHeader(REQUEST_ID_HEADER, call.requestId);
  return runAsCurrent(call, () => next(call));
};
