import { randomUUID } from 'node:crypto';
import { type Interceptor, runAsCurrent } from '../call.ts';

/** Header that carries the request id, both ways. */
export const REQUEST_ID_HEADER = 'x-request-id';

const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives the call its request id: the caller's own where it sent a sane one, so that one id follows a request through
 * all services, else a new one. Must be the outermost interceptor: all others name the call by it.
 */
export const withRequestId: Interceptor = (next) => (call) => {
  const given = call.header(REQUEST_ID_HEADER);
  call.requestId = given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID();
  call.setHeader(REQUEST_ID_HEADER, call.requestId);
  return runAsCurrent(call, () => next(call));
};
