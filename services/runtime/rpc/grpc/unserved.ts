import * as grpc from '@grpc/grpc-js';
import type { UnservedLog } from '../unserved.ts';
import { STATUS_DETAILS, toGrpcStatus } from './status.ts';

/**
 * Sees to calls that grpc-js ends by itself, before or beside any handler: a message over the limit, bytes that cannot be
 * decompressed. They are known by their lack of details, which all of our own errors have. A method that is not there is
 * refused by grpc-js before any interceptor, and can be neither explained nor logged.
 *
 * A call that was begun and reaches its deadline is ended by its own chain, which counts it and names its request.
 *
 * grpc-js tells such an end to no interceptor's responder, so the call's own `sendStatus` is stepped into.
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
      // grpc-js may find a second fault in what is left of a call that it has ended.
      if (isEnded) return;
      if (isBegun && !isOverdue && status.code === grpc.status.DEADLINE_EXCEEDED && !hasDetails(status)) {
        // The chain has a timer for the same moment, and reports how the call ended; unless it has nothing left to do.
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

// How long the chain of a call may take to notice that its deadline has passed.
const OVERDUE_MS = 500;

type Status = Parameters<grpc.ServerInterceptingCall['sendStatus']>[0];

function hasDetails({ metadata }: Status): boolean {
  return (metadata?.get(STATUS_DETAILS).length ?? 0) > 0;
}
