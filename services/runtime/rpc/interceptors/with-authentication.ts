import type { Identify } from '../../callers/authentication.ts';
import { LOCAL_CALLER } from '../../callers/caller-id.ts';
import { isPublicMethod } from '../access-control.ts';
import type { Interceptor } from '../call.ts';

/**
 * Identifies the caller, or refuses the call with CALLER_UNKNOWN. Public methods pass. Must stand behind
 * `withRefusals`, and before interceptors that read `call.caller`.
 * @param identify undefined: every caller is `local`, for loopback addresses only
 */
export function withAuthentication(identify: Identify | undefined): Interceptor {
  return (next, method) => {
    if (isPublicMethod(method)) return next;
    return (call) => {
      const caller = identify ? identify(call) : LOCAL_CALLER;
      if (typeof caller === 'string') {
        call.caller = caller;
        return next(call);
      }
      return caller.then((known) => {
        call.caller = known;
        return next(call);
      });
    };
  };
}
