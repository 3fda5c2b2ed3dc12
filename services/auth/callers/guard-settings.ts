import { StartupError } from '@rollcall/runtime';
import { isLoopback } from '@rollcall/runtime/rpc';
import type { AuthConfig } from '../config.ts';

/** The settings that say how callers are known. */
export type CallerSettings = Pick<
  AuthConfig,
  'host' | 'tlsCertificate' | 'tlsKey' | 'tlsClientCa' | 'callerKeys' | 'requireCallers'
>;

/**
 * Whether callers are authenticated: on any address but loopback always, there where anything says so.
 * @throws StartupError naming the variables, where they are to be and the settings do not say how.
 */
export function isGuarded(settings: CallerSettings): boolean {
  const { host, tlsCertificate, tlsKey, tlsClientCa, callerKeys, requireCallers } = settings;
  const files = [tlsCertificate, tlsKey, tlsClientCa, callerKeys];
  const isLocal = isLoopback(host);
  if (isLocal && !requireCallers && files.every((file) => file === undefined)) return false;
  const faults = [
    (tlsCertificate === undefined) !== (tlsKey === undefined) &&
      'AUTH_TLS_CERT_FILE and AUTH_TLS_KEY_FILE go together: set both or neither',
    tlsClientCa !== undefined &&
      tlsCertificate === undefined &&
      'AUTH_TLS_CLIENT_CA_FILE needs TLS: set AUTH_TLS_CERT_FILE and AUTH_TLS_KEY_FILE',
    !isLocal &&
      tlsCertificate === undefined &&
      `AUTH_HOST ${host} can be reached from other machines: set AUTH_TLS_CERT_FILE and AUTH_TLS_KEY_FILE, or set AUTH_HOST to 127.0.0.1`,
    tlsClientCa === undefined &&
      callerKeys === undefined &&
      'Callers are to be authenticated, and nothing says how: set AUTH_TLS_CLIENT_CA_FILE, AUTH_CALLER_JWKS_FILE or both',
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new StartupError([...new Set(faults)].join('\n'));
  return true;
}
