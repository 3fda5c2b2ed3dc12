import type { Interceptor } from '@connectrpc/connect';
import { withCallerToken } from './call/caller-token.ts';
import { showKind, showValue } from './show-value.ts';
import { TransportOptionError } from './transport-option-error.ts';
import type { GrpcTransportOptions } from './transport-options.ts';

/** Throws TransportOptionError where the options are no object. */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new TransportOptionError('options', `${showValue(options)} is not an object with options`);
}

/** What runs around every call, the first outermost. Throws TransportOptionError. */
export function toInterceptors({ interceptors = [], callerToken }: GrpcTransportOptions): Interceptor[] {
  if (!Array.isArray(interceptors))
    throw new TransportOptionError(
      'interceptors',
      `${showValue(interceptors)} is not an array of interceptors`,
    );
  for (const [at, one] of interceptors.entries())
    if (typeof one !== 'function')
      throw new TransportOptionError('interceptors', `${showValue(one)} at [${at}] is not a function`);
  if (callerToken === undefined) return [...interceptors];
  // Not shown: it may be the token itself.
  if (typeof callerToken !== 'function')
    throw new TransportOptionError(
      'callerToken',
      `${showKind(callerToken)} is not a function; give () => token`,
    );
  // The innermost: no other interceptor sees the token.
  return [...interceptors, withCallerToken(callerToken)];
}
