import type { Interceptor } from '@connectrpc/connect';
import type { CallObserver } from './call-guard.ts';
import { codeOfCall } from './judge-calls.ts';

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
