import { identifyBy } from '../callers/authentication.ts';
import type { PeerCertificates } from '../callers/peer-certificates.ts';
import type { Logger } from '../log/logger.ts';
import type { RpcMetrics } from '../metrics/metrics.ts';
import type { AccessControl } from './access-control.ts';
import type { Interceptor } from './call.ts';
import type { RpcError } from './errors.ts';
import type { PublicCallLimits } from './ingress/public-call-limits.ts';
import { withAuthentication, withAuthorisation } from './interceptors/with-access-control.ts';
import { withAudit, withRefusals } from './interceptors/with-audit.ts';
import { withDeadline } from './interceptors/with-deadline.ts';
import { withCallerLimits, withPublicCallLimits } from './interceptors/with-limits.ts';
import { withObservation } from './interceptors/with-observation.ts';
import { withRequestId } from './interceptors/with-request-id.ts';
import { withValidation } from './interceptors/with-validation.ts';

/** Options of `createChain`. */
interface ChainOptions {
  readonly logger: Logger;
  readonly metrics: RpcMetrics;
  /** Converts an error of the service. Undefined: an unknown error, sent as INTERNAL. */
  readonly toRpcError: (error: unknown) => RpcError | undefined;
  /** The longest time that a unary call may take. Milliseconds. */
  readonly maxCallMs: number;
  /** Refuses calls when the process is overloaded. Absent: it never does. */
  readonly shedding?: Interceptor;
  /** Undefined: every caller is accepted, and no call is audited. */
  readonly callers?: AccessControl | undefined;
  readonly certificates: PeerCertificates;
  /** Limits of public methods. */
  readonly publicCalls: PublicCallLimits;
}

/** The interceptors of every call, outermost first. Both servers use the same chain. */
export function createChain(options: ChainOptions): readonly Interceptor[] {
  const { callers, certificates, toRpcError, publicCalls } = options;
  const guarded = callers?.guarded;
  const shedding = options.shedding ? [options.shedding] : [];
  const bounds = [
    withPublicCallLimits(publicCalls),
    ...shedding,
    withDeadline(options.maxCallMs),
    withValidation(),
  ];
  if (!callers) return [withRequestId, withObservation(options), withAuthentication(undefined), ...bounds];
  const { accessOf, audit } = callers;
  const guards = guarded && [
    withRefusals(accessOf, audit),
    withAuthentication(identifyBy(certificates, guarded.tokens)),
    withAuthorisation(accessOf, guarded.grants),
    withCallerLimits(),
  ];
  return [
    withRequestId,
    withObservation(options),
    ...(guards ?? [withAuthentication(undefined)]),
    ...bounds,
    withAudit(accessOf, audit, toRpcError),
  ];
}
