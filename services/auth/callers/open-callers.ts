import { type Logger, StartupError } from '@rollcall/runtime';
import { createTokenVerifier, watchKeys, watchTls } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { type AccessControl, type Guarded, isLoopback, type MetricReading } from '@rollcall/runtime/rpc';
import { startAuditWatch } from '../audit/audit-watch.ts';
import { createPostgresAuditLog } from '../audit/postgres-audit-log.ts';
import type { AuthConfig } from '../config.ts';
import { accessOf } from './access.ts';
import { createPostgresGrants, watchGrants } from './grants.ts';

/** The settings that say how callers authenticate. */
export type CallerSettings = Pick<
  AuthConfig,
  'host' | 'tlsCertificate' | 'tlsKey' | 'tlsClientCa' | 'callerKeys' | 'requireCallers'
>;

/**
 * Whether callers must authenticate: on loopback when a setting says so, on other addresses always.
 * @throws StartupError naming the variables, when callers must authenticate and no setting says how
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

interface CallersOptions {
  readonly config: AuthConfig;
  /** For the audit log and the grants only: neither waits behind reads of users. */
  readonly pool: Pool;
  readonly logger: Logger;
}

/** Access control of callers, and the audit log. */
export interface Callers extends AccessControl, AsyncDisposable {
  readMetrics(): readonly MetricReading[];
}

/**
 * Opens access control and the audit log. Disposing it writes the rest of the log; the servers must be closed
 * before.
 * @throws StartupError naming the variable, when a setting or a file is wrong
 */
export async function openCallers({ config, pool, logger }: CallersOptions): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const logging = (what: string) => ({ onError: (error: unknown) => logger.error({ error }, what) });
  const watch = stack.use(await startAuditWatch(pool, { logger }));
  const audit = stack.use(
    createPostgresAuditLog(pool, {
      onError: (error, what) => logger.error({ error }, what),
      onBreak: watch.onBreak,
    }),
  );
  const open = async (): Promise<Guarded> => {
    const tls = await openTls(
      config,
      logging('TLS files were replaced and cannot be used: the old ones stay'),
    );
    if (tls) stack.use(tls);
    const keys =
      config.callerKeys === undefined
        ? undefined
        : stack.use(
            await watchKeys(
              { variable: 'AUTH_CALLER_JWKS_FILE', path: config.callerKeys },
              logging('the keys of callers were replaced and cannot be used: the old ones stay'),
            ),
          );
    const tokens = keys && createTokenVerifier(keys, { audience: config.tokenAudience });
    const grants = stack.use(
      await watchGrants(createPostgresGrants(pool), logging('grants cannot be read: the known ones stay')),
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
  logging: { onError: (error: unknown) => void },
) {
  if (tlsCertificate === undefined || tlsKey === undefined) return undefined;
  const file = (variable: string, path: string) => ({ variable, path });
  const files = {
    certificate: file('AUTH_TLS_CERT_FILE', tlsCertificate),
    key: file('AUTH_TLS_KEY_FILE', tlsKey),
    ...(tlsClientCa !== undefined && { clientCa: file('AUTH_TLS_CLIENT_CA_FILE', tlsClientCa) }),
  };
  return await watchTls(files, logging);
}
