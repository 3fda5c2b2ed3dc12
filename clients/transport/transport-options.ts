import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { type CallerToken, withCallerToken } from './call/caller-token.ts';
import { showKind, showValue } from './show-value.ts';

/** Certificates for TLS, all PEM. `{}` trusts the certificate authorities that Node brings. */
export interface TlsOptions {
  /** Certificate authorities to trust. Absent: those that Node brings. */
  rootCertificates?: string | Uint8Array;
  /** The caller's own key, for mutual TLS; goes with `certificateChain`. Absent: no client certificate. */
  privateKey?: string | Uint8Array;
  /** The caller's own certificate chain, for mutual TLS; goes with `privateKey`. */
  certificateChain?: string | Uint8Array;
  /** The name to expect in the server's certificate. Absent: the host of `address`; give it where that is an IP address. */
  serverName?: string;
}

/** Where to call, and how. */
export interface GrpcTransportOptions {
  /**
   * The servers to share the calls between, in one of three forms; the port is always given:
   * `users.internal:50051`, a DNS name, every address of which is used, looked up again when a connection ends;
   * `10.0.0.1:50051,10.0.0.2:50051`, IPv4 addresses; `[fd00::1]:50051,[fd00::2]:50051`, IPv6 addresses.
   */
  address: string;
  /** Use TLS. Absent: plaintext, which is refused unless the address is loopback. */
  tls?: TlsOptions;
  /** Plaintext to an address that is not loopback, for networks that encrypt below. Default false. */
  allowInsecure?: boolean;
  /**
   * Deadline in ms of a unary call that gives no `timeoutMs`. Default 1000. Server streams have none unless the call
   * gives one, because a watch lives long. A call's `timeoutMs` of 0 or less has passed already: it fails with
   * DEADLINE_EXCEEDED and nothing is sent (Connect's own transports would wait for ever). `withDeadline` bounds both.
   */
  defaultTimeoutMs?: number;
  /** Idle time in ms after which a connection is probed with a ping, also without calls. Default 10000; 0: never. */
  keepAliveMs?: number;
  /** Time in ms for the answer to that ping; without one the connection is dropped and its calls fail. Default 2000. */
  keepAliveTimeoutMs?: number;
  /**
   * Time in ms for a server that accepted a connection to finish the TLS handshake and say its first word; after it the connection is
   * given up and another one tried. Default 5000. How long the network may take to accept one is the system's own limit.
   */
  connectTimeoutMs?: number;
  /** Longest pause in ms between attempts to reach a server that is away. Default 2000, so that its return is seen soon. */
  maxReconnectBackoffMs?: number;
  /** Services whose unary methods without side effects are sent again when UNAVAILABLE; see `RETRY_POLICY`. Default none. */
  retryReadsOf?: readonly DescService[];
  /**
   * Gives the service token by which the service knows this caller, sent with every call and renewed before it expires. Default
   * none: known by the certificate of `tls`, or not at all.
   */
  callerToken?: CallerToken;
  /** Run around every call, the first outermost, as with Connect's own transports. Default none. */
  interceptors?: Interceptor[];
}

/** The options that a fault can be about. */
export type TransportOption = keyof GrpcTransportOptions | 'options' | 'transport';

/** An option cannot be used. Thrown while a transport is made, before any call leaves. */
export class TransportOptionError extends Error {
  override readonly name = 'TransportOptionError';
  /** Stable; the same for every fault of an option. */
  readonly reason = 'option_invalid';
  /** The option at fault. */
  readonly option: TransportOption;

  constructor(option: TransportOption, fault: string, cause?: unknown) {
    super(`${option}: ${fault}`, cause === undefined ? undefined : { cause });
    this.option = option;
  }
}

/** Throws TransportOptionError where the options are no object. */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new TransportOptionError('options', `${showValue(options)} is not an object with options`);
}

/** What runs around every call, the first outermost. Throws TransportOptionError. */
export function toInterceptors({ interceptors = [], callerToken }: GrpcTransportOptions): Interceptor[] {
  if (!Array.isArray(interceptors))
    throw new TransportOptionError(
      'interceptors',
      `${showValue(interceptors)} is not an array of interceptors`,
    );
  for (const [at, one] of interceptors.entries())
    if (typeof one !== 'function')
      throw new TransportOptionError('interceptors', `${showValue(one)} at [${at}] is not a function`);
  if (callerToken === undefined) return [...interceptors];
  // Not shown: it may be the token itself.
  if (typeof callerToken !== 'function')
    throw new TransportOptionError(
      'callerToken',
      `${showKind(callerToken)} is not a function; give () => token`,
    );
  // The innermost: no other interceptor sees the token.
  return [...interceptors, withCallerToken(callerToken)];
}
