import { type Logger, StartupError } from '@rollcall/runtime';
import { createTokenVerifier, watchKeys, watchTls } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { type AccessControl, type Guarded, isLoopback, type MetricReading } from '@rollcall/runtime/rpc';
import { startAuditWatch } from '../audit/audit-watch.ts';
import { createPostgresAuditLog } from '../audit/postgres-audit-log.ts';
import type { AuthConfig } from '../config.ts';
import { accessOf } from './access.ts';
import { createPostgresGrants, watchGrants } from './grants.ts';

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

/** What guarding callers needs. */
interface CallersOptions {
  readonly config: AuthConfig;
  /** For the audit log and the grants alone: neither waits behind reads of users. */
  readonly pool: Pool;
  readonly logger: Logger;
}

/** Who may call, and the audit log. */
export interface Callers extends AccessControl, AsyncDisposable {
  readMetrics(): readonly MetricReading[];
}

/**
 * Opens all that says who may call, and the audit log. Disposing writes what is left of the log; the doors must be closed then.
 * @throws StartupError naming the variable, where a setting or a file is at fault.
 */
export async function openCallers({ config, pool, logger }: CallersOptions): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const told = (what: string) => ({ onError: (error: unknown) => logger.error({ error }, what) });
  const watch = stack.use(await startAuditWatch(pool, { logger }));
  const audit = stack.use(
    createPostgresAuditLog(pool, {
      onError: (error, what) => logger.error({ error }, what),
      onBreak: watch.onBreak,
    }),
  );
  const open = async (): Promise<Guarded> => {
    const tls = await openTls(config, told('TLS files were replaced and cannot be used: the old ones stay'));
    if (tls) stack.use(tls);
    const keys =
      config.callerKeys === undefined
        ? undefined
        : stack.use(
            await watchKeys(
              { variable: 'AUTH_CALLER_JWKS_FILE', path: config.callerKeys },
              told('the keys of callers were replaced and cannot be used: the old ones stay'),
            ),
          );
    const tokens = keys && createTokenVerifier(keys, { audience: config.tokenAudience });
    const grants = stack.use(
      await watchGrants(createPostgresGrants(pool), told('grants cannot be read: what was granted stays')),
    );
    return { tls, tokens, grants };
  };
  const guarded = isGuarded(config) ? await open() : undefined;
  const closers = stack.move();
  const { readMetrics } = watch;
  return { accessOf, audit, guarded, readMetrics, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

async function openTls(
  { tlsCertificate, tlsKey, tlsClientCa }: AuthConfig,
  told: { onError: (error: unknown) => void },
) {
  if (tlsCertificate === undefined || tlsKey === undefined) return undefined;
  const file = (variable: string, path: string) => ({ variable, path });
  const files = {
    certificate: file('AUTH_TLS_CERT_FILE', tlsCertificate),
    key: file('AUTH_TLS_KEY_FILE', tlsKey),
    ...(tlsClientCa !== undefined && { clientCa: file('AUTH_TLS_CLIENT_CA_FILE', tlsClientCa) }),
  };
  return await watchTls(files, told);
}
