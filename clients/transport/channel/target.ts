import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { TransportOptionError } from '../transport-options.ts';

/** The target of a channel. */
export interface Target {
  /** With the scheme of its resolver: `dns:///users:50051`, `ipv4:10.0.0.1:1,10.0.0.2:1`, `ipv6:[::1]:1`. */
  uri: string;
  /** Whether all of its traffic stays on this machine. */
  isLoopback: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/i;

/**
 * Reads the `address` option, whose forms GrpcTransportOptions lists.
 * @throws TransportOptionError when it has none of these forms
 */
export function toTarget(address: string): Target {
  const endpoints = String(address)
    .split(',')
    .map((part) => toHostPort(part.trim()));
  const hosts = endpoints.map(({ host }) => host);
  const list = endpoints
    .map(({ host, port }) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`))
    .join(',');
  const isLoopback = hosts.every(isLoopbackHost);
  if (hosts.every((host) => isIPv4(host))) return { uri: `ipv4:${list}`, isLoopback };
  if (hosts.every((host) => isIPv6(host))) return { uri: `ipv6:${list}`, isLoopback };
  if (hosts.length === 1) return { uri: `dns:///${list}`, isLoopback };
  throw new TransportOptionError(
    'address',
    `'${address}' mixes kinds of address. List IPv4 addresses only, or IPv6 addresses only, or give one DNS name that has them all`,
  );
}

function toHostPort(part: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(part) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isHost =
    bracketed === undefined ? isIPv4(host) || (isIP(host) === 0 && HOST_NAME.test(host)) : isIPv6(host);
  if (isHost && port >= 1 && port <= 65535) return { host, port };
  throw new TransportOptionError(
    'address',
    `'${part}' is not HOST:PORT, IPV4:PORT or [IPV6]:PORT with a port from 1 to 65535`,
  );
}

function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
