import type { Logger } from '../logger.ts';
import type { RpcMetrics } from '../metrics.ts';
import type { Interceptor } from './call.ts';
import { withDeadline } from './interceptors/with-deadline.ts';
import { withObservation } from './interceptors/with-observation.ts';
import { withRequestId } from './interceptors/with-request-id.ts';
import { withValidation } from './interceptors/with-validation.ts';
import type { RpcError } from './rpc-error.ts';

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
}

/**
 * The interceptors of every call, outermost first, the same behind both doors. Who a caller is, what it may do and how
 * often will stand between observation and shedding.
 */
export function createChain(options: ChainOptions): readonly Interceptor[] {
  const shedding = options.shedding ? [options.shedding] : [];
  const bounds = [...shedding, withDeadline(options.maxCallMs), withValidation()];
  return [withRequestId, withObservation(options), ...bounds];
}
