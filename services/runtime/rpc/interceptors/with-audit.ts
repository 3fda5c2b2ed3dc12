import type { Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type AuditLog, toAuditEntry } from '../../callers/audit-log.ts';
import type { AccessOf, MethodAccess } from '../../callers/grants.ts';
import { isPublicMethod } from '../access-control.ts';
import { type Call, type Handler, type Interceptor, methodPath, PreparedAnswer } from '../call.ts';
import { RpcError, type RuntimeReason } from '../errors.ts';

/**
 * Audits calls that access contact data. An answer is sent when its line is durable; if the line cannot be
 * written, the call fails.
 *
 * A write begins only while lines can be written, and its line is retried until the deadline, because the
 * write is committed by then. Must be the innermost interceptor, because lines repeat validated requests
 * only.
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
