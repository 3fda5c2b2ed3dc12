import type { Message } from '@bufbuild/protobuf';
import { type Call, methodPath } from '../rpc/call.ts';
import { isUuid } from '../rpc/requests/field-faults.ts';
import type { MethodAccess } from './grants.ts';

/** One line of the audit log: who did what to whom, and how it ended. Never contact data, nor what was searched for. */
export interface AuditEntry {
  /** ISO 8601. */
  readonly time: string;
  /** Who; empty: not known. */
  readonly caller: string;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** `package.Service/Method` */
  readonly method: string;
  readonly tenants: readonly string[];
  /** How much of a user; undefined: the method answers none. */
  readonly view?: string | undefined;
  /** Users, `MAX_AUDITED_IDS` at most. */
  readonly ids: readonly string[];
  /** How many users there were. */
  readonly idCount: number;
  /** `OK`, or the reason of the error. */
  readonly outcome: string;
  /** What the caller said that it is for; absent: nothing, or the method asks for no reason. */
  readonly why?: string | undefined;
  readonly requestId: string;
  /** How many such calls this line stands for; only refusals are counted together. */
  readonly count: number;
}

/** The most ids of users that one line holds. */
export const MAX_AUDITED_IDS = 100;

/** How a line is recorded. */
export interface RecordOptions {
  /**
   * The call has changed something, so that a line which cannot be written is tried again for some seconds, until this is aborted.
   * Absent: the first failure is the answer.
   */
  readonly keepWhile?: AbortSignal | undefined;
}

/** Where calls are written down, for good. */
export interface AuditLog {
  /** Resolves once the line is durable. Rejects where it cannot be: the call must fail then. */
  record(entry: AuditEntry, options?: RecordOptions): Promise<void>;
  /**
   * Asked before a call changes anything: answers at once where the last line could be written. Else it tries, and rejects where lines
   * cannot be written now. Absent: they always can.
   */
  ready?(): Promise<void> | undefined;
  /** Notes a refusal. Never waits and never fails: like ones are counted together and written soon. */
  refused(entry: AuditEntry): void;
}

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
