import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { status } from '@grpc/grpc-js';
import type { BreakerState } from './breaker-options.ts';

/** How a call ended. */
export interface CallEnd {
  /** Who was called: `auth`. */
  readonly target: string;
  /** What was called: `rollcall.user.v1.UserAdminService/SearchUsers`. */
  readonly method: string;
  /** `OK`, or the name of the error's code. */
  readonly code: string;
  readonly seconds: number;
}

/** Hears of the calls of guards. */
export interface CallObserver {
  /** A call ended that was sent; the guard's own probes are such calls too. */
  onEnd(end: CallEnd): void;
  /** A call was refused by the guard, and not sent. */
  onRefused(call: Pick<CallEnd, 'target' | 'method'>): void;
  /** The breaker of a target is in this state now. Told when the guard is made, and at each change. */
  onState(state: { readonly target: string; readonly state: BreakerState }): void;
}

/**
 * Tells of each call over a transport whose client has a breaker of its own. A stream is measured until its headers come.
 * @param target who is called: `auth`
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

/** The name of an error's code as gRPC's documents have it: `NOT_FOUND`. An error that is no ConnectError is `UNKNOWN`. */
export function codeOfCall(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : Code.Unknown;
  return status[code] ?? `CODE_${code}`;
}
