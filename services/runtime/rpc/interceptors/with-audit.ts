import type { Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type AuditEntry, type AuditLog, MAX_AUDITED_IDS } from '../../callers/audit-log.ts';
import type { AccessOf, MethodAccess } from '../../callers/grants.ts';
import { isPublicMethod } from '../access-control.ts';
import { type Call, type Handler, type Interceptor, methodPath, PreparedAnswer } from '../call.ts';
import { RpcError, type RuntimeReason } from '../errors.ts';
import { isUuid } from '../requests/field-faults.ts';

/**
 * Audits calls that access contact data. An answer is sent when its audit line is durable; if the line cannot
 * be written, the call fails.
 *
 * A write begins only while audit lines can be written, and its line is retried until the deadline, because
 * the write is committed by then. Must be the innermost interceptor, because audit lines contain values of
 * requests, and only validated ones.
 *
 * @param toRpcError converts an error of the service, for its reason
 */
export function withAudit(
  accessOf: AccessOf,
  audit: AuditLog,
  toRpcError: (error: unknown) => RpcError | undefined,
): Interceptor {
  return (next, method) => {
    const access = accessOf(method);
    if (!access || isPublicMethod(method)) return next;
    const serve = method.methodKind === 'unary' ? audited(next, access, { audit, toRpcError }) : refuseStream;
    return (call) => (access.isAudited(call.request) ? serve(call) : next(call));
  };
}

interface Audited {
  readonly audit: AuditLog;
  readonly toRpcError: (error: unknown) => RpcError | undefined;
}

function audited(next: Handler, access: MethodAccess, { audit, toRpcError }: Audited): Handler {
  return async (call) => {
    const isWrite = call.method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
    if (isWrite) await audit.ready?.();
    const answer = watchAnswer(call);
    try {
      await next(call);
    } catch (error) {
      const known = error instanceof RpcError ? error : toRpcError(error);
      // The error of the call counts more than a failure to audit it, because nothing was answered.
      const outcome = known?.reason ?? 'INTERNAL';
      await audit.record(toAuditEntry(call, access, { outcome })).catch(() => undefined);
      throw error;
    }
    const entry = toAuditEntry(call, access, { outcome: 'OK', ...answer() });
    await audit.record(entry, isWrite ? { keepWhile: call.signal } : undefined);
  };
}

// Messages of a stream are sent at once, so none may hold contact data.
const refuseStream: Handler = async ({ method }) => {
  throw new Error(`${methodPath(method)} streams, and streams cannot be audited.`);
};

// The call keeps the answer until the chain is done.
function watchAnswer(call: Call): () => { answer?: Message } {
  const { send } = call;
  let sent: Message | undefined;
  call.send = (answer) => {
    if (!(answer instanceof PreparedAnswer)) sent = answer;
    return send(answer);
  };
  return () => (sent ? { answer: sent } : {});
}

const REFUSALS: ReadonlySet<string> = new Set<RuntimeReason>([
  'CALLER_UNKNOWN',
  'NOT_GRANTED',
  'RATE_LIMITED',
]);

/**
 * Audits every refusal, without waiting for the line, so that a flood of refusals costs little. Must stand
 * behind `withObservation`, and before the interceptors that refuse.
 */
export function withRefusals(accessOf: AccessOf, audit: AuditLog): Interceptor {
  return (next, method) => {
    if (isPublicMethod(method)) return next;
    const access = accessOf(method);
    return async (call) => {
      try {
        await next(call);
      } catch (error) {
        if (error instanceof RpcError && REFUSALS.has(error.reason))
          audit.refused(toAuditEntry(call, access, { outcome: error.reason }));
        throw error;
      }
    };
  };
}

const MAX_TENANTS = 10;
// A refused request was not validated and may hold anything here: contact data, or megabytes.
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MALFORMED = '(malformed)';

/** Builds the audit line of a call. Users in `answer` are added to those that the request names. */
function toAuditEntry(
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

// The request of an unknown caller is not decoded: a flood of such calls would cost work. A request that
// cannot be decoded is left out.
function requestOf(call: Call): Message | undefined {
  if (call.caller === '') return undefined;
  try {
    return call.request;
  } catch {
    return undefined;
  }
}
