import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { ChannelOptions, ServiceConfig } from '@grpc/grpc-js';
import { type GrpcTransportOptions, type TlsOptions, toDurationMs } from '../transport-options.ts';

/**
 * Largest message, sent or received. Bytes: 4 MiB, gRPC's default for receiving. A larger one fails with
 * RESOURCE_EXHAUSTED.
 */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/**
 * Default of `keepAliveMs`, in milliseconds. grpc-js has keep-alive off, so every call on a black-holed
 * connection would run into its deadline.
 */
export const DEFAULT_KEEP_ALIVE_MS = 10_000;
/** Default of `keepAliveTimeoutMs`, in milliseconds. */
export const DEFAULT_KEEP_ALIVE_TIMEOUT_MS = 2_000;
/** Default of `maxReconnectBackoffMs`, in milliseconds. grpc-js would wait up to two minutes to reconnect. */
const DEFAULT_MAX_RECONNECT_BACKOFF_MS = 2_000;
const INITIAL_RECONNECT_BACKOFF_MS = 100;
// grpc-js resolves a name at most every 30 s, and would call the old addresses of a service that moved for as
// long.
const DNS_PAUSE_MS = 2_000;

/**
 * The channel options of grpc-js.
 * @throws TransportOptionError when an option has no usable value
 */
export function toChannelOptions(options: GrpcTransportOptions): ChannelOptions {
  const maxBackoffMs = toDurationMs(1, options, 'maxReconnectBackoffMs', DEFAULT_MAX_RECONNECT_BACKOFF_MS);
  return {
    'grpc.service_config': JSON.stringify(toServiceConfig(options.retryReadsOf ?? [])),
    // No TXT record may change the retry policy, and no environment variable may send calls through a proxy.
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    // Each transport has its own connections, so that closing one does not touch another.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.initial_reconnect_backoff_ms': Math.min(INITIAL_RECONNECT_BACKOFF_MS, maxBackoffMs),
    'grpc.max_reconnect_backoff_ms': maxBackoffMs,
    'grpc.dns_min_time_between_resolutions_ms': DNS_PAUSE_MS,
    ...toKeepAlive(options),
    ...toServerName(options.tls),
  };
}

function toKeepAlive(options: GrpcTransportOptions): ChannelOptions {
  const keepAliveMs = toDurationMs(0, options, 'keepAliveMs', DEFAULT_KEEP_ALIVE_MS);
  const timeoutMs = toDurationMs(1, options, 'keepAliveTimeoutMs', DEFAULT_KEEP_ALIVE_TIMEOUT_MS);
  if (keepAliveMs === 0) return {};
  return {
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': timeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}

function toServerName(tls: TlsOptions | undefined): ChannelOptions {
  if (tls?.serverName === undefined) return {};
  return { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName };
}

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
