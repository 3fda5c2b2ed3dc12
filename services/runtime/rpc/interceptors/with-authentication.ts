import type { Identify } from '../../callers/authentication.ts';
import { LOCAL_CALLER } from '../../callers/caller-id.ts';
import { isPublicMethod } from '../access-control.ts';
import type { Interceptor } from '../call.ts';

/**
 * Finds out who asks, and refuses whom nobody knows (CALLER_UNKNOWN). Health and reflection are open.
 * Must stand behind `withRefusals`, and before everything that asks for `call.caller`.
 *
 * @param identify undefined: everybody is `local`; for loopback addresses alone.
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
