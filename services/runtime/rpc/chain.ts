import { identifyBy } from '../callers/authentication.ts';
import type { PeerCertificates } from '../callers/peer-certificates.ts';
import type { Logger } from '../log/logger.ts';
import type { RpcMetrics } from '../metrics/metrics.ts';
import type { AccessControl } from './access-control.ts';
import type { Interceptor } from './call.ts';
import type { RpcError } from './errors.ts';
import type { PublicCallLimits } from './ingress/public-call-limits.ts';
import { withAudit, withRefusals } from './interceptors/with-audit.ts';
import { withAuthentication } from './interceptors/with-authentication.ts';
import { withAuthorisation } from './interceptors/with-authorisation.ts';
import { withDeadline } from './interceptors/with-deadline.ts';
import { withCallerLimits, withPublicCallLimits } from './interceptors/with-limits.ts';
import { withObservation } from './interceptors/with-observation.ts';
import { withRequestId } from './interceptors/with-request-id.ts';
import { withValidation } from './interceptors/with-validation.ts';

/** What the chain needs. */
export interface ChainOptions {
  readonly logger: Logger;
  readonly metrics: RpcMetrics;
  /** Turns an error of the service's own into one for the wire; undefined: unknown, answered INTERNAL. */
  readonly toRpcError: (error: unknown) => RpcError | undefined;
  /** The longest that a unary call may take, in milliseconds. */
  readonly maxCallMs: number;
  /** Refuses calls that there is no room for; absent: there is room for all. */
  readonly shedding?: Interceptor;
  /** Who may call; undefined: everybody, unrecorded. */
  readonly callers?: AccessControl | undefined;
  readonly certificates: PeerCertificates;
  /** Bounds what everybody may call. */
  readonly publicCalls: PublicCallLimits;
}

/** The interceptors of every call, outermost first, the same behind both doors. */
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
