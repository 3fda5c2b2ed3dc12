import type { Message } from '@bufbuild/protobuf';
import { type Call, methodPath } from '../rpc/call.ts';
import { isUuid } from '../rpc/requests/field-faults.ts';
import { type AuditEntry, MAX_AUDITED_IDS } from './audit-log.ts';
import type { MethodAccess } from './method-access.ts';

const MAX_TENANTS = 10;
// Who is refused was not validated, and may have put anything there: contact data, or megabytes.
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MALFORMED = '(malformed)';

/** The line of a call. `answer` adds the users that it holds. */
export function toAuditEntry(
  call: Call,
  access: MethodAccess | undefined,
  end: { outcome: string; answer?: Message },
): AuditEntry {
  const request = access && requestOf(call);
  const answered = end.answer && access?.answeredIds?.(end.answer);
  const named = [...(request ? access.ids(request) : []), ...(answered ?? [])];
  const ids = [...new Set(named.filter((id) => id !== '').map((id) => id.toLowerCase()))];
  const why = request && end.outcome === 'OK' ? access.why?.(request) : undefined;
  const tenants = request ? access.tenants(request) : [];
  return {
    time: new Date().toISOString(),
    caller: call.caller,
    peer: call.peer,
    method: methodPath(call.method),
    tenants: tenants.slice(0, MAX_TENANTS).map((tenant) => (TENANT.test(tenant) ? tenant : MALFORMED)),
    view: request && access.view(request),
    ids: ids.slice(0, MAX_AUDITED_IDS).map((id) => (isUuid(id) ? id : MALFORMED)),
    idCount: ids.length,
    outcome: end.outcome,
    ...(why && { why }),
    requestId: call.requestId,
    count: 1,
  };
}

// Whom nobody knows is not read: that would be work for whoever sends much. What cannot be read is told without its request.
function requestOf(call: Call): Message | undefined {
  if (call.caller === '') return undefined;
  try {
    return call.request;
  } catch {
    return undefined;
  }
}
