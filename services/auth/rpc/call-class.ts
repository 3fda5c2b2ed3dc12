import { UserService, UserView } from '@rollcall/contract/user';
import type { Call, CallClass } from '@rollcall/runtime/rpc';

const { getUser, batchGetUsers, resolveUsers, watchUsers } = UserService.method;
const READS: ReadonlySet<Call['method']> = new Set([getUser, batchGetUsers, resolveUsers]);
const SEARCHES = /^(List|Search|Find)/;
const WIDE_READS = /^(Get|Preview)/;

/**
 * What a call is worth keeping where there are too many. Reads of the REFERENCE view stay longest: they are what every
 * page of every other service needs, and cheap. Watches have a bound of their own, and health is always told.
 */
export function callClass(call: Call): CallClass | undefined {
  const { method } = call;
  if (READS.has(method)) {
    // The request is decoded for the handler anyway. Unspecified is the REFERENCE view as well.
    const { view } = call.request as unknown as { view: UserView };
    return view === UserView.BASIC || view === UserView.FULL ? 'wideRead' : 'read';
  }
  if (method === watchUsers || !method.parent.typeName.startsWith('rollcall.')) return undefined;
  if (SEARCHES.test(method.name)) return 'search';
  return WIDE_READS.test(method.name) ? 'wideRead' : 'write';
}
