import type { Message } from '@bufbuild/protobuf';
import { type Call, methodPath } from '../rpc/call.ts';
import { type AuditEntry, MAX_AUDITED_IDS } from './audit-log.ts';
import type { MethodAccess } from './method-access.ts';

// What was not validated yet may be of any length, and any number.
const MAX_CHARS = 100;
const MAX_TENANTS = 10;

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
  return {
    time: new Date().toISOString(),
    caller: call.caller,
    peer: call.peer,
    method: methodPath(call.method),
    tenants: request ? access.tenants(request).slice(0, MAX_TENANTS).map(cut) : [],
    view: request && access.view(request),
    ids: ids.slice(0, MAX_AUDITED_IDS).map(cut),
    idCount: ids.length,
    outcome: end.outcome,
    requestId: call.requestId,
    count: 1,
  };
}

// Who is refused may have sent what is no message at all.
function requestOf(call: Call): Message | undefined {
  try {
    return call.request;
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.slice(0, MAX_CHARS);
}
