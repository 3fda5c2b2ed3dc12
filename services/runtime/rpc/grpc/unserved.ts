import * as grpc from '@grpc/grpc-js';
import type { UnservedLog } from '../unserved.ts';
import { STATUS_DETAILS, toGrpcStatus } from './status.ts';

/**
 * Logs and explains calls that grpc-js ends by itself, outside of any handler: messages over the limit, bytes
 * that cannot be decompressed. They are recognised by their missing details, which all errors of ours have.
 * An unknown method is refused before any interceptor and cannot be explained.
 *
 * A call that reached its handler is ended by the chain at its deadline, which counts it and logs its
 * request.
 *
 * Interceptors of grpc-js are not called for such an end, so this one replaces `sendStatus`.
 */
export function withUnservedCalls(log: UnservedLog): grpc.ServerInterceptor {
  return (method, call) => {
    const send = call.sendStatus.bind(call);
    let isEnded = false;
    let isBegun = false;
    let isOverdue = false;
    const start = call.start.bind(call);
    call.start = (listener) =>
      start({
        ...listener,
        onReceiveHalfClose: () => {
          isBegun = true;
          listener.onReceiveHalfClose();
        },
      });
    call.sendStatus = (status) => {
      // grpc-js may find a second fault in the rest of a call that it has ended.
      if (isEnded) return;
      if (isBegun && !isOverdue && status.code === grpc.status.DEADLINE_EXCEEDED && !hasDetails(status)) {
        // The chain has a timer for the same deadline and reports the end of the call, unless it has nothing
        // left to do.
        isOverdue = true;
        setTimeout(() => call.sendStatus(status), OVERDUE_MS).unref();
        return;
      }
      isEnded = true;
      if (status.code === grpc.status.OK || hasDetails(status)) return send(status);
      const where = { method: method.path.slice(1), protocol: 'grpc', peer: call.getPeer() };
      const code = status.code ?? grpc.status.UNKNOWN;
      send(toGrpcStatus(log.explain({ ...where, code, message: status.details ?? '' })));
    };
    return call as grpc.ServerInterceptingCall;
  };
}

// How long the chain of a call may take to notice its deadline. Milliseconds.
const OVERDUE_MS = 500;

type Status = Parameters<grpc.ServerInterceptingCall['sendStatus']>[0];

function hasDetails({ metadata }: Status): boolean {
  return (metadata?.get(STATUS_DETAILS).length ?? 0) > 0;
}
