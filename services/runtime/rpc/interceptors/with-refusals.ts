import { toAuditEntry } from '../../callers/audit-entry.ts';
import type { AuditLog } from '../../callers/audit-log.ts';
import type { AccessOf } from '../../callers/method-access.ts';
import { isOpen } from '../built-in/open-services.ts';
import type { Interceptor } from '../call.ts';
import type { RuntimeReason } from '../reasons.ts';
import { RpcError } from '../rpc-error.ts';

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
    if (isOpen(method)) return next;
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
