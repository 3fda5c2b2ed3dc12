// Fields that several requests share: timestamps, user filters, and the id of a write.
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { momentFault } from '@rollcall/contract/request-content';
import { type UserFilter as FilterMessage, UserRole, UserState } from '@rollcall/contract/user';
import { digestOf } from '@rollcall/runtime';
import { invalidField } from '@rollcall/runtime/rpc';
import type { UserFilter } from '../users/reading/user-reads.ts';
import type { WriteRequest } from '../users/user-writes.ts';

/**
 * Reads a timestamp.
 * @throws RpcError FIELD_INVALID when it is out of range.
 */
export function requireTimestamp(field: string, timestamp: Timestamp): Date {
  const fault = momentFault(timestamp);
  if (fault) throw invalidField(field, fault);
  return timestampDate(timestamp);
}

/**
 * Reads the filter of a request. An absent filter matches all users that are not deleted.
 * @throws RpcError FIELD_INVALID.
 */
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

/** The parts of a filter that a page token is bound to. */
export function filterTokenParts(filter: FilterMessage | undefined): unknown[] {
  const moments = [filter?.createdFrom, filter?.createdBefore, filter?.activeFrom, filter?.activeBefore];
  return [
    filter?.states ?? [],
    filter?.roles ?? [],
    filter?.tags ?? [],
    ...moments.map((each) => each && [String(each.seconds), each.nanos]),
  ];
}

// Field rules have refused every other value.
function stateFromMessage(state: UserState): UserFilter['states'][number] {
  if (state === UserState.DELETED) return 'DELETED';
  return state === UserState.SUSPENDED ? 'SUSPENDED' : 'ACTIVE';
}

function roleFromMessage(role: UserRole): UserFilter['roles'][number] {
  if (role === UserRole.ADMIN) return 'ADMIN';
  return role === UserRole.VENDOR ? 'VENDOR' : 'CUSTOMER';
}

/**
 * The request of a write, which recognizes its repetition; empty without a request id.
 * The digest covers the written data instead of the message, so output-only fields and the letter case of ids
 * do not count.
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
