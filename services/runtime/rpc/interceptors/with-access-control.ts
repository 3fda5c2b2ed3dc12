import type { DescMethod } from '@bufbuild/protobuf';
import type { Identify } from '../../callers/authentication.ts';
import { LOCAL_CALLER } from '../../callers/caller-id.ts';
import type { AccessOf, AccessRequest, Grants, MethodAccess } from '../../callers/grants.ts';
import { isPublicMethod } from '../access-control.ts';
import { type Call, type Interceptor, methodPath } from '../call.ts';
import { type RpcError, runtimeError } from '../errors.ts';

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

/**
 * Refuses calls that no grant covers (NOT_GRANTED), by method, view and all tenants of the request. Ends a
 * stream whose grant is removed. Must stand behind `withAuthentication`, and before validation and handler,
 * so that a caller without a grant learns nothing about the data. A request that cannot be decoded is refused
 * first, because its tenants are unknown.
 * @param grants undefined: everything is granted, for loopback addresses only
 */
export function withAuthorisation(accessOf: AccessOf, grants: Grants | undefined): Interceptor {
  return (next, method) => {
    if (isPublicMethod(method) || !grants) return next;
    const access = accessOf(method);
    const path = methodPath(method);
    return (call) => {
      const requested = toAccessRequest(path, access, call);
      call.grant = access && grants.find(call.caller, requested);
      if (!call.grant) throw notGranted(call, requested);
      return isStream(method) ? whileGranted(next(call), grants, { call, requested }) : next(call);
    };
  };
}

function toAccessRequest(method: string, access: MethodAccess | undefined, call: Call): AccessRequest {
  const { request } = call;
  return { method, tenants: access?.tenants(request) ?? [], view: access?.view(request) };
}

function isStream(method: DescMethod): boolean {
  return method.methodKind === 'server_streaming';
}

function whileGranted(
  done: Promise<void>,
  grants: Grants,
  { call, requested }: { call: Call; requested: AccessRequest },
): Promise<void> {
  const stop = grants.onChange(() => {
    if (!grants.find(call.caller, requested)) call.abort(notGranted(call, requested));
  });
  return done.finally(stop);
}

function notGranted({ caller }: Call, { method, tenants, view }: AccessRequest): RpcError {
  const withView = view === undefined ? '' : ` with view ${view}`;
  const inTenants = tenants.slice(0, 10).join(', ');
  return runtimeError(
    'NOT_GRANTED',
    `${caller} may not call ${method}${withView} for tenant ${inTenants}: no grant covers it.`,
    { metadata: { caller, method, view: view ?? '', tenants: inTenants } },
  );
}
