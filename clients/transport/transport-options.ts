import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import type { CallerToken } from './call/caller-token.ts';
import { showValue } from './show-value.ts';

/** Certificates for TLS, all in PEM. `{}` trusts the certificate authorities of Node. */
export interface TlsOptions {
  /** Certificate authorities to trust. Absent: those of Node. */
  rootCertificates?: string | Uint8Array;
  /** The caller's private key, for mutual TLS; requires `certificateChain`. Absent: no client certificate. */
  privateKey?: string | Uint8Array;
  /** The caller's certificate chain, for mutual TLS; requires `privateKey`. */
  certificateChain?: string | Uint8Array;
  /**
   * The name in the server's certificate. Absent: the host of `address`. Set it when that is an IP address.
   */
  serverName?: string;
}

/** Options of a gRPC transport. */
export interface GrpcTransportOptions {
  /**
   * The servers, always with a port. Calls are balanced round robin.
   * `users.internal:50051`: a DNS name. All of its addresses are used, and it is resolved again when a
   * connection ends.
   * `10.0.0.1:50051,10.0.0.2:50051`: IPv4 addresses. `[fd00::1]:50051,[fd00::2]:50051`: IPv6 addresses.
   */
  address: string;
  /** Enables TLS. Absent: plaintext, which only a loopback address may use. */
  tls?: TlsOptions;
  /**
   * Allows plaintext to other than loopback addresses, for networks that encrypt below.
   * @defaultValue false
   */
  allowInsecure?: boolean;
  /**
   * Deadline of a unary call without `timeoutMs`. Milliseconds. A server stream has no deadline unless the
   * call sets one. A call whose `timeoutMs` is 0 or less fails with DEADLINE_EXCEEDED and sends nothing;
   * Connect's transports would wait without end. `withDeadline` applies to both.
   * @defaultValue 1000
   */
  defaultTimeoutMs?: number;
  /**
   * Idle time after which a ping probes a connection, also without calls. Milliseconds; 0 disables it.
   * @defaultValue 10000
   */
  keepAliveMs?: number;
  /**
   * Time for the response to that ping. Milliseconds. Without one the connection closes and its calls fail.
   * @defaultValue 2000
   */
  keepAliveTimeoutMs?: number;
  /**
   * Time for a server that accepted a connection to finish the TLS handshake and send its first bytes.
   * Milliseconds. Then the connection closes and another one is tried. The time until a connection is
   * accepted is a limit of the operating system.
   * @defaultValue 5000
   */
  connectTimeoutMs?: number;
  /**
   * Longest pause between attempts to reach a server that is down. Milliseconds.
   * @defaultValue 2000
   */
  maxReconnectBackoffMs?: number;
  /**
   * Services whose unary methods without side effects are retried when UNAVAILABLE; see `RETRY_POLICY`.
   * @defaultValue []
   */
  retryReadsOf?: readonly DescService[];
  /**
   * Returns the service token that identifies this caller. It is sent with every call and renewed before it
   * expires. Absent: the certificate of `tls` identifies the caller, or nothing does.
   */
  callerToken?: CallerToken;
  /**
   * Interceptors around every call, the first outermost, as in Connect's transports.
   * @defaultValue []
   */
  interceptors?: Interceptor[];
}

/** An option that an error can name. */
export type TransportOption = keyof GrpcTransportOptions | 'options' | 'transport';

/** An option cannot be used. Thrown when a transport is created, before any call. */
export class TransportOptionError extends Error {
  override readonly name = 'TransportOptionError';
  /** Stable, and equal for all options. */
  readonly reason = 'option_invalid';
  /** The option that cannot be used. */
  readonly option: TransportOption;

  constructor(option: TransportOption, fault: string, cause?: unknown) {
    super(`${option}: ${fault}`, cause === undefined ? undefined : { cause });
    this.option = option;
  }
}

/** @throws TransportOptionError when the options are not an object */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new TransportOptionError('options', `${showValue(options)} is not an object with options`);
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
