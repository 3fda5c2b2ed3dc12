import type { Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type AuditLog, toAuditEntry } from '../../callers/audit-log.ts';
import type { AccessOf, MethodAccess } from '../../callers/grants.ts';
import { isPublicMethod } from '../access-control.ts';
import { type Call, type Handler, type Interceptor, methodPath, PreparedAnswer } from '../call.ts';
import { RpcError, type RuntimeReason } from '../errors.ts';

/**
 * Writes calls that touch contact data into the audit log. Their answer leaves once the line is durable; where it cannot be
 * written, the call fails. All others pass untouched.
 *
 * A call that changes something begins only while lines can be written, and its line is tried again until its deadline: it is committed
 * by then, and its caller should not hear otherwise.
 * Must be the innermost interceptor: what it tells of a request was validated before.
 *
 * @param toRpcError names the reason of an error of the service's own.
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
      // What went wrong is told rather than that it could not be written down: nothing was answered.
      const outcome = known?.reason ?? 'INTERNAL';
      await audit.record(toAuditEntry(call, access, { outcome })).catch(() => undefined);
      throw error;
    }
    const entry = toAuditEntry(call, access, { outcome: 'OK', ...answer() });
    await audit.record(entry, isWrite ? { keepWhile: call.signal } : undefined);
  };
}

// The messages of a stream leave as they come, so none may hold contact data.
const refuseStream: Handler = async ({ method }) => {
  throw new Error(`${methodPath(method)} streams, and streams cannot be audited.`);
};

// The answer is kept by the call, and leaves when the chain is done.
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
 * Has every refusal written into the audit log. Nobody waits for it, so that a flood of refusals costs little.
 * Must stand behind `withObservation`, and before those who refuse.
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
