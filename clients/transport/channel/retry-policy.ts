import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { ServiceConfig } from '@grpc/grpc-js';

/**
 * How a read is sent again, in the words of a gRPC service config. Only UNAVAILABLE: the server is away or said that it
 * did not begin. Attempts count the first one and share the call's deadline. grpc-js spreads each pause by ±20 % and
 * follows the server's `grpc-retry-pushback-ms`; a call whose answer has begun is never sent again.
 * Pauses of about 50 and 100 ms outlast one server's death behind round robin, and fit a deadline of one second.
 */
export const RETRY_POLICY = {
  maxAttempts: 3,
  initialBackoff: '0.05s',
  maxBackoff: '0.5s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

/**
 * The retry budget: a failed attempt costs one token, a call that succeeds returns a tenth, and under half of the tokens
 * nothing is sent again. grpc-js keeps one budget per target and process, whatever the number of channels.
 * The figures are gRFC A6's example: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-configuration
 */
export const RETRY_THROTTLING = { maxTokens: 10, tokenRatio: 0.1 };

/** The service config: calls go round all servers, and reads of `services` are retried. */
export function toServiceConfig(services: readonly DescService[]): ServiceConfig {
  const name = services.flatMap((service) => service.methods.filter(isRetryable).map(toConfigName));
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length === 0 ? [] : [{ name, retryPolicy: RETRY_POLICY }],
    retryThrottling: RETRY_THROTTLING,
  };
}

/** Whether calls of this method may be sent again: unary, without side effects. Streams are left out: a watch resumes by its cursor. */
export function isRetryable(method: DescMethod): boolean {
  return (
    method.methodKind === 'unary' && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  );
}

function toConfigName(method: DescMethod) {
  return { service: method.parent.typeName, method: method.name };
}
