import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { momentFault } from '@rollcall/contract/request-content';
import { type UserFilter as FilterMessage, UserRole, UserState } from '@rollcall/contract/user';
import { digestOf } from '@rollcall/runtime';
import { invalidField } from '@rollcall/runtime/rpc';
import type { UserFilter } from '../users/reading/user-reads.ts';
import type { WriteRequest } from '../users/user-writes.ts';

/** The moment of a timestamp. Throws RpcError FIELD_INVALID where it is none. */
export function requireTimestamp(field: string, timestamp: Timestamp): Date {
  const fault = momentFault(timestamp);
  if (fault) throw invalidField(field, fault);
  return timestampDate(timestamp);
}

/** The filter of a request; absent: all who are not deleted. Throws RpcError FIELD_INVALID. */
export function filterFromMessage(tenantId: string, filter: FilterMessage | undefined): UserFilter {
  const moment = (field: string, timestamp: Timestamp | undefined) =>
    timestamp && requireTimestamp(`filter.${field}`, timestamp);
  const moments = {
    createdFrom: moment('created_from', filter?.createdFrom),
    createdBefore: moment('created_before', filter?.createdBefore),
    activeFrom: moment('active_from', filter?.activeFrom),
    activeBefore: moment('active_before', filter?.activeBefore),
  };
  const given = Object.entries(moments).filter(([, each]) => each !== undefined);
  return {
    tenantId,
    states: filter?.states.length ? filter.states.map(stateFromMessage) : ['ACTIVE', 'SUSPENDED'],
    roles: (filter?.roles ?? []).map(roleFromMessage),
    tags: [...new Set(filter?.tags)],
    ...Object.fromEntries(given),
  };
}

/** All that a page token must find again of a filter. */
export function filterTokenParts(filter: FilterMessage | undefined): unknown[] {
  const moments = [filter?.createdFrom, filter?.createdBefore, filter?.activeFrom, filter?.activeBefore];
  return [
    filter?.states ?? [],
    filter?.roles ?? [],
    filter?.tags ?? [],
    ...moments.map((each) => each && [String(each.seconds), each.nanos]),
  ];
}

// Field rules have refused every other value by now.
function stateFromMessage(state: UserState): UserFilter['states'][number] {
  if (state === UserState.DELETED) return 'DELETED';
  return state === UserState.SUSPENDED ? 'SUSPENDED' : 'ACTIVE';
}

function roleFromMessage(role: UserRole): UserFilter['roles'][number] {
  if (role === UserRole.ADMIN) return 'ADMIN';
  return role === UserRole.VENDOR ? 'VENDOR' : 'CUSTOMER';
}

/**
 * How a write is known when it is repeated; nothing where the caller gave no request id. The digest is of what is written, not
 * of the message: neither what is output only nor the case of an id counts.
 */
export function writeRequest(
  method: string,
  { requestId }: { requestId: string },
  written: object,
): { request?: WriteRequest } {
  return requestId
    ? { request: { id: requestId.toLowerCase(), method, fingerprint: digestOf(written) } }
    : {};
}
