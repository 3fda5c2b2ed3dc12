import type { Interceptor as ClientInterceptor } from '@connectrpc/connect';
import {
  currentRequestId,
  REQUEST_ID_HEADER,
  type Interceptor as ServerInterceptor,
} from '@rollcall/runtime/rpc';
import { withDeadline } from '@rollcall/transport';
import { SEEN_HEADER, seenHeader, withSeenHeader } from '@rollcall/user-client';

// Time left for building and sending the answer. Milliseconds.
const ANSWER_MS = 50;

/**
 * Bounds each outgoing call of a handler by the caller's deadline, so that the answer reaches the caller in
 * time. A caller without a deadline adds no bound. The interceptor stands behind the chain of every service,
 * which fails an expired call.
 */
export const inheritDeadline: ServerInterceptor = (next) => (call) => {
  const leftMs = call.timeoutMs();
  return withDeadline(leftMs === undefined ? undefined : leftMs - ANSWER_MS, () => next(call));
};

/**
 * Shows no user at a version below the one that the caller has seen (header `x-rollcall-seen`), and sets the
 * header in the answer. The next service on the way is thus bound too. An unreadable header is ignored. The
 * interceptor stands anywhere behind the chain of a service.
 */
export const inheritSeenVersions: ServerInterceptor = (next) => (call) =>
  withSeenHeader({ get: (name) => call.header(name) ?? null }, async () => {
    await next(call);
    const seen = seenHeader();
    if (seen !== undefined) call.setHeader(SEEN_HEADER, seen);
  });

/**
 * Adds the request id of the served call to each outgoing call, so that the logs of both services show one
 * id. A coalesced call carries the id of the request that started it. A stream belongs to no request and
 * carries no id.
 */
export const propagateRequestId: ClientInterceptor = (next) => (request) => {
  const requestId = currentRequestId();
  if (!request.stream && requestId !== undefined) request.header.set(REQUEST_ID_HEADER, requestId);
  return next(request);
};
