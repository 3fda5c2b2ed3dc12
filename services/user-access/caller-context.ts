import type { Interceptor as ClientInterceptor } from '@connectrpc/connect';
import {
  currentRequestId,
  REQUEST_ID_HEADER,
  type Interceptor as ServerInterceptor,
} from '@rollcall/runtime/rpc';
import { withDeadline } from '@rollcall/transport';
import { SEEN_HEADER, seenHeader, withSeenHeader } from '@rollcall/user-client';

// What is left of the caller's time for putting the answer together and sending it.
const ANSWER_MS = 50;

/**
 * Lets no call that the handler makes outlast the caller's own deadline, so that the answer still reaches whoever asked.
 * A caller that set none adds no bound. Stands behind the chain of every service, which fails a call whose time is over.
 */
export const inheritDeadline: ServerInterceptor = (next) => (call) => {
  const leftMs = call.timeoutMs();
  return withDeadline(leftMs === undefined ? undefined : leftMs - ANSWER_MS, () => next(call));
};

/**
 * Shows no user older than the caller says it has seen (`x-rollcall-seen`), and says so in the answer, so that whoever comes
 * after it is bound as well. A header that cannot be read is ignored. Stands anywhere behind the chain of every service.
 */
export const inheritSeenVersions: ServerInterceptor = (next) => (call) =>
  withSeenHeader({ get: (name) => call.header(name) ?? null }, async () => {
    await next(call);
    const seen = seenHeader();
    if (seen !== undefined) call.setHeader(SEEN_HEADER, seen);
  });

/**
 * Sends the id of the call that is being served along with the calls that it makes, so that one id is found in the logs of
 * both services. A call that several share carries the id of whoever began it. Streams belong to no call, and carry none.
 */
export const propagateRequestId: ClientInterceptor = (next) => (request) => {
  const requestId = currentRequestId();
  if (!request.stream && requestId !== undefined) request.header.set(REQUEST_ID_HEADER, requestId);
  return next(request);
};
