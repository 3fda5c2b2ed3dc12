import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { ServiceConfig } from '@grpc/grpc-js';

/**
 * The retry policy of reads, as in a gRPC service config. Only UNAVAILABLE is retried: the server is down, or
 * it did not begin. Attempts include the first one and share the deadline of the call. grpc-js varies each
 * pause by ±20 % and follows `grpc-retry-pushback-ms`; it retries no call whose headers came. Pauses of about
 * 50 and 100 ms outlast the death of one server behind round robin, and fit a deadline of 1 s.
 */
export const RETRY_POLICY = {
  maxAttempts: 3,
  initialBackoff: '0.05s',
  maxBackoff: '0.5s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

/**
 * The retry budget: a failed attempt costs one token, a successful call returns a tenth, and below half of
 * the tokens there is no retry. grpc-js keeps one budget per target and process. Source:
 * https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-configuration
 */
export const RETRY_THROTTLING = { maxTokens: 10, tokenRatio: 0.1 };

/** The gRPC service config: round-robin load balancing, and retries of the reads of `services`. */
export function toServiceConfig(services: readonly DescService[]): ServiceConfig {
  const name = services.flatMap((service) => service.methods.filter(isRetryable).map(toConfigName));
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length === 0 ? [] : [{ name, retryPolicy: RETRY_POLICY }],
    retryThrottling: RETRY_THROTTLING,
  };
}

/** Whether a method may be retried: unary, without side effects. A watch resumes by its cursor instead. */
export function isRetryable(method: DescMethod): boolean {
  return (
    method.methodKind === 'unary' && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  );
}

function toConfigName(method: DescMethod) {
  return { service: method.parent.typeName, method: method.name };
}
