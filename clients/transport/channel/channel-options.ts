import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { showValue } from '../show-value.ts';
import { type GrpcTransportOptions, type TlsOptions, TransportOptionError } from '../transport-options.ts';
import { withConnectTimeout } from './connect-timeout.ts';
import { toServiceConfig } from './retry-policy.ts';
import type { Target } from './target.ts';
import { toTlsCredentials } from './tls-credentials.ts';

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
/** Default of `connectTimeoutMs`, in milliseconds. grpc-js has no such limit. */
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
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

/**
 * Credentials for TLS, or for plaintext where that is allowed, with `connectTimeoutMs`.
 * @throws TransportOptionError when plaintext is not allowed, or an option has no usable value
 */
export function toCredentials(target: Target, options: GrpcTransportOptions): ChannelCredentials {
  const timeoutMs = toDurationMs(1, options, 'connectTimeoutMs', DEFAULT_CONNECT_TIMEOUT_MS);
  return withConnectTimeout(toBaseCredentials(target, options), timeoutMs);
}

function toBaseCredentials(target: Target, options: GrpcTransportOptions): ChannelCredentials {
  const { tls } = options;
  if (tls !== undefined) return toTlsCredentials(tls);
  if (target.isLoopback || options.allowInsecure === true) return credentials.createInsecure();
  throw new TransportOptionError(
    'tls',
    `${options.address} is not a loopback address, and without tls every call could be read on the way. ` +
      'Set tls, or allowInsecure: true where the network encrypts below',
  );
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

type DurationOption =
  | 'connectTimeoutMs'
  | 'defaultTimeoutMs'
  | 'keepAliveMs'
  | 'keepAliveTimeoutMs'
  | 'maxReconnectBackoffMs';

/**
 * The value of a duration option, or its default. Milliseconds; Node's timers end at 2^31-1.
 * @throws TransportOptionError when it is no number from `least` to 2^31-1
 */
export function toDurationMs(
  least: number,
  options: GrpcTransportOptions,
  option: DurationOption,
  otherwise: number,
): number {
  const value = options[option] ?? otherwise;
  if (Number.isFinite(value) && value >= least && value < 2 ** 31) return value;
  throw new TransportOptionError(
    option,
    `${showValue(value)} is not a number of milliseconds from ${least} to ${2 ** 31 - 1}`,
  );
}
