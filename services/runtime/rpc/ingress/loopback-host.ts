/** Target of a request, and the web page that sent it. */
interface RequestOrigin {
  /** Every value of `:authority` and `Host`. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers send. */
  readonly fetchSite: string | undefined;
}

/** Fault by which a request is refused for its origin. */
export interface OriginFault {
  /**
   * 400: the request names no host, or several. 403: it names a foreign host or comes from a foreign page.
   */
  readonly status: 400 | 403;
  readonly message: string;
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const LOOPBACK = new RegExp(`^(?:localhost|127(?:\\.${OCTET}){3}|\\[::1\\])(?::\\d{1,5})?$`, 'i');

const CURE =
  'Address it by 127.0.0.1, [::1] or localhost; a service that others may reach must authenticate its callers.';

/**
 * Checks a request to a port without authentication. It must name a loopback host and must not come from a
 * web page of another origin: a page whose name resolves to 127.0.0.1 would otherwise have the rights of this
 * machine.
 * @param allowedHosts hosts besides loopback, in lower case; a name without a port allows any port
 */
export function checkOrigin(
  request: RequestOrigin,
  allowedHosts: readonly string[] = [],
): OriginFault | undefined {
  const [host = ''] = request.hosts;
  if (!HOST.test(host) || request.hosts.some((other) => other !== host))
    return { status: 400, message: 'The request must name one host.' };
  if (!isLoopbackHost(host) && !isAmong(allowedHosts, host.toLowerCase()))
    return { status: 403, message: `This port does not serve the host ${host}. ${CURE}` };
  if (request.origin !== undefined && !isSameOrigin(request.origin, host))
    return { status: 403, message: `This port does not serve pages of other origins. ${CURE}` };
  if (request.fetchSite !== undefined && request.fetchSite !== 'same-origin' && request.fetchSite !== 'none')
    return { status: 403, message: `This port does not serve pages of other sites. ${CURE}` };
  return undefined;
}

/** Whether a `Host` is a loopback address or localhost, in the usual spelling. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}

function isAmong(allowedHosts: readonly string[], host: string): boolean {
  return allowedHosts.some((each) => host === each || host.replace(/:\d+$/, '') === each);
}

// Compares ports too: pages of another server on this machine are foreign.
function isSameOrigin(origin: string, host: string): boolean {
  const [scheme, rest] = origin.toLowerCase().split('://', 2);
  return (scheme === 'http' || scheme === 'https') && rest === host.toLowerCase();
}
