import { readFile } from 'node:fs/promises';
import { StartupError } from '@rollcall/runtime';
import { createTokenSource, isCallerId, readPrivateKey } from '@rollcall/runtime/callers';
import type { UserClientOptions } from '@rollcall/user-client';
import type { UserAccessConfig } from './settings.ts';

/** The settings that name a service's files, key and caller name. */
type CredentialSettings = Pick<
  UserAccessConfig,
  'authCa' | 'tlsCertificate' | 'tlsKey' | 'callerKey' | 'callerName' | 'tokenAudience'
>;

/** The TLS files and the caller token of calls to the user service. */
export type AuthCredentials = Pick<UserClientOptions, 'tls' | 'callerToken'>;

// Short, so that a leaked token is soon of no use; long enough that a token is rarely signed.
const TOKEN_SECONDS = 900;

/**
 * Reads the files that a service needs for TLS to the user service and for its own caller token.
 * @param prefix of the variables: `VENDOR`
 * @throws StartupError naming the variable, when a file cannot be used or a setting that belongs to it is
 * missing.
 */
export async function readAuthCredentials(
  settings: CredentialSettings,
  prefix: string,
): Promise<AuthCredentials> {
  const { authCa, tlsCertificate, tlsKey, callerKey, callerName: caller, tokenAudience: audience } = settings;
  requireTogether(settings, prefix);
  const rootCertificates = await readPem(`${prefix}_AUTH_CA_FILE`, authCa);
  const certificateChain = await readPem(`${prefix}_TLS_CERT_FILE`, tlsCertificate);
  const privateKey = await readPem(`${prefix}_TLS_KEY_FILE`, tlsKey);
  const own = certificateChain && privateKey && { certificateChain, privateKey };
  const key = callerKey === undefined ? undefined : await readKey(`${prefix}_CALLER_KEY_FILE`, callerKey);
  if (key && !isCallerId(caller))
    throw new StartupError(
      `${prefix}_CALLER "${caller}" cannot name a caller: give a SPIFFE id, or a name of a-z, 0-9, ".", "_", "-"`,
    );
  return {
    ...(rootCertificates && { tls: { rootCertificates, ...own } }),
    ...(key && { callerToken: createTokenSource(key, { caller, audience, ttlSeconds: TOKEN_SECONDS }) }),
  };
}

function requireTogether({ authCa, tlsCertificate, tlsKey }: CredentialSettings, prefix: string): void {
  if ((tlsCertificate === undefined) !== (tlsKey === undefined))
    throw new StartupError(
      `${prefix}_TLS_CERT_FILE and ${prefix}_TLS_KEY_FILE go together: set both or neither`,
    );
  if (tlsCertificate !== undefined && authCa === undefined)
    throw new StartupError(`${prefix}_TLS_CERT_FILE needs TLS: set ${prefix}_AUTH_CA_FILE`);
}

async function readKey(variable: string, path: string) {
  return await readPrivateKey(path).catch((error: Error) => {
    throw new StartupError(`${variable}: ${error.message}`, { cause: error });
  });
}

async function readPem(variable: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return await readFile(path).catch((error: Error) => {
    throw new StartupError(`${variable} (${path}) cannot be read: ${error.message}`, { cause: error });
  });
}
