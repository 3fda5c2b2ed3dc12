import { UserService, UserView } from '@rollcall/contract/user';
import type { Call, CallClass } from '@rollcall/runtime/rpc';

const { getUser, batchGetUsers, resolveUsers, watchUsers } = UserService.method;
const READS: ReadonlySet<Call['method']> = new Set([getUser, batchGetUsers, resolveUsers]);
const SEARCHES = /^(List|Search|Find)/;
const WIDE_READS = /^(Get|Preview)/;

/**
 * The load class of a call, which decides when it is shed.
 * Reads of the REFERENCE view are shed last, because every page of every service needs them and they are
 * cheap. Undefined for watches, which have a limit of their own, and for health.
 */
export function callClass(call: Call): CallClass | undefined {
  const { method } = call;
  if (READS.has(method)) {
    // The request is decoded for the handler anyway. UNSPECIFIED means the REFERENCE view.
    const { view } = call.request as unknown as { view: UserView };
    return view === UserView.BASIC || view === UserView.FULL ? 'wideRead' : 'read';
  }
  if (method === watchUsers || !method.parent.typeName.startsWith('rollcall.')) return undefined;
  if (SEARCHES.test(method.name)) return 'search';
  return WIDE_READS.test(method.name) ? 'wideRead' : 'write';
}
