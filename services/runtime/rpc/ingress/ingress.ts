import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Logger } from '../../log/logger.ts';
import { type RpcError, runtimeError } from '../errors.ts';
import { createUnservedLog, type UnservedLog } from '../unserved.ts';
import { checkOrigin, type OriginFault } from './loopback-host.ts';
import { type PartialMessageLimits, PartialMessages } from './partial-messages.ts';
import { type PublicCallBounds, PublicCallLimits } from './public-call-limits.ts';

/** Limits of requests from unidentified callers, shared by both servers of a process. */
export interface Ingress extends Disposable {
  readonly partial: PartialMessages;
  readonly unserved: UnservedLog;
  readonly publicCalls: PublicCallLimits;
  /**
   * The longest time for the first bytes of a connection to the HTTP port, and for the headers of an HTTP/1.1
   * request. Milliseconds.
   */
  readonly headersTimeoutMs: number;
  /** Returns the error by which a gRPC call is refused for its headers. Undefined when it is accepted. */
  checkGrpcHeaders(headers: IncomingHttpHeaders): RpcError | undefined;
  /**
   * Returns the fault by which a request to the HTTP port is refused for its headers. Undefined when it is
   * accepted. `allowedHosts` are accepted besides loopback.
   */
  checkHttpHeaders(
    request: IncomingMessage,
    allowedHosts: readonly string[] | undefined,
  ): OriginFault | undefined;
}

/** Limits that differ from the defaults. */
export interface IngressBounds {
  readonly partialMessages?: Partial<PartialMessageLimits>;
  readonly publicCalls?: Partial<PublicCallBounds>;
  /** The longest time for headers. Milliseconds. @defaultValue 10000 */
  readonly headersTimeoutMs?: number;
}

const HEADERS_TIMEOUT_MS = 10_000;

/**
 * Creates the limits of a process.
 * @param isGuarded whether callers are authenticated; if not, requests must name a loopback host
 */
export function createIngress(
  { logger, isGuarded }: { logger: Logger; isGuarded: boolean },
  bounds: IngressBounds = {},
): Ingress {
  const partial = new PartialMessages(bounds.partialMessages);
  return {
    partial,
    unserved: createUnservedLog(logger),
    publicCalls: new PublicCallLimits(bounds.publicCalls),
    headersTimeoutMs: bounds.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    checkGrpcHeaders: isGuarded ? () => undefined : createGrpcHeadersCheck(),
    checkHttpHeaders: (request, allowedHosts) =>
      isGuarded ? undefined : checkOrigin(originOf(request), allowedHosts),
    [Symbol.dispose]: () => partial[Symbol.dispose](),
  };
}

function createGrpcHeadersCheck(): Ingress['checkGrpcHeaders'] {
  // Callers use few names for one server, and call it thousands of times a second.
  let served: string | undefined;
  return (headers) => {
    const { ':authority': authority, host, origin } = headers;
    const fetchSite = headers['sec-fetch-site'];
    if (authority === served && host === undefined && origin === undefined && fetchSite === undefined)
      return undefined;
    const hosts = [authority, host].filter((each) => each !== undefined);
    const fault = checkOrigin({ hosts, origin, fetchSite: fetchSite?.toString() });
    if (fault) return runtimeError('NOT_GRANTED', fault.message);
    served = authority;
    return undefined;
  };
}

function originOf({ rawHeaders, headers }: IncomingMessage) {
  const hosts: string[] = [];
  // Node keeps the first of several `Host` headers.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === 'host' || name === ':authority') hosts.push(rawHeaders[i + 1] as string);
  }
  return { hosts, origin: headers.origin, fetchSite: headers['sec-fetch-site']?.toString() };
}
