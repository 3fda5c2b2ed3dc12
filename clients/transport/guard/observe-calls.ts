import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { status } from '@grpc/grpc-js';
import type { BreakerState } from './breaker-options.ts';

/** The outcome of a call. */
export interface CallEnd {
  /** The name of the target: `auth`. */
  readonly target: string;
  /** The method: `rollcall.user.v1.UserAdminService/SearchUsers`. */
  readonly method: string;
  /** `OK`, or the name of the error's code. */
  readonly code: string;
  readonly seconds: number;
}

/** Receives the outcomes of outgoing calls. */
export interface CallObserver {
  /** A call that was sent has ended. The guard's own probes count too. */
  onEnd(end: CallEnd): void;
  /** The guard refused a call, and did not send it. */
  onRefused(call: Pick<CallEnd, 'target' | 'method'>): void;
  /** The state of the breaker of a target: when the guard is created, and on each change. */
  onState(state: { readonly target: string; readonly state: BreakerState }): void;
}

/**
 * Reports each call over a transport whose client has its own breaker. A stream is measured until its
 * headers.
 * @param target name of the target: `auth`
 */
export function observeCalls(target: string, observer: Pick<CallObserver, 'onEnd'>): Interceptor {
  return (next) => async (request) => {
    const startedMs = performance.now();
    const method = `${request.service.typeName}/${request.method.name}`;
    const end = (code: string) =>
      observer.onEnd({ target, method, code, seconds: (performance.now() - startedMs) / 1000 });
    try {
      const response = await next(request);
      end('OK');
      return response;
    } catch (error) {
      end(codeOfCall(error));
      throw error;
    }
  };
}

/** The gRPC name of the code of an error: `NOT_FOUND`. An error that is no ConnectError is `UNKNOWN`. */
export function codeOfCall(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : Code.Unknown;
  return status[code] ?? `CODE_${code}`;
}
