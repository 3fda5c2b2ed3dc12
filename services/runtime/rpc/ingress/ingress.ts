import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Logger } from '../../log/logger.ts';
import { type RpcError, runtimeError } from '../errors.ts';
import { createUnservedLog, type UnservedLog } from '../unserved.ts';
import { checkOrigin, type OriginFault } from './loopback-host.ts';
import { type PartialMessageLimits, PartialMessages } from './partial-messages.ts';
import { type PublicCallBounds, PublicCallLimits } from './public-call-limits.ts';

/** What bounds requests before anything is known of their callers; one for both servers of a process. */
export interface Ingress extends Disposable {
  readonly partial: PartialMessages;
  readonly unserved: UnservedLog;
  readonly publicCalls: PublicCallLimits;
  /** How long a connection to the HTTP port may take for its first bytes, and a request of HTTP/1.1 for its headers, in ms. */
  readonly headersTimeoutMs: number;
  /** Why a gRPC call is refused by its headers; undefined: it is not. */
  checkGrpcHeaders(headers: IncomingHttpHeaders): RpcError | undefined;
  /** Why a request to the HTTP port is refused by its headers; undefined: it is not. `allowedHosts` come besides loopback. */
  checkHttpHeaders(
    request: IncomingMessage,
    allowedHosts: readonly string[] | undefined,
  ): OriginFault | undefined;
}

/** Bounds, where they are not the usual ones. */
export interface IngressBounds {
  readonly partialMessages?: Partial<PartialMessageLimits>;
  readonly publicCalls?: Partial<PublicCallBounds>;
  /** Default 10000. */
  readonly headersTimeoutMs?: number;
}

const HEADERS_TIMEOUT_MS = 10_000;

/** @param isGuarded whether callers are authenticated; where they are not, requests must name a loopback host. */
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
  // Callers have few names for one server, and call it thousands of times a second.
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
  // Of several `Host` headers Node keeps the first.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === 'host' || name === ':authority') hosts.push(rawHeaders[i + 1] as string);
  }
  return { hosts, origin: headers.origin, fetchSite: headers['sec-fetch-site']?.toString() };
}
