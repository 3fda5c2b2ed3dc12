import { AUTH_SETTINGS, type AuthService, createAuthService } from '@rollcall/auth';
import { readConfig } from '@rollcall/runtime';
import { TEST_KEYS } from '@rollcall/runtime/testing';

/** Opens the auth service in this process, at ports of the system's choice where `env` names none. */
export function openAuth(databaseUrl: string, env: NodeJS.ProcessEnv = {}): Promise<AuthService> {
  const config = readConfig(AUTH_SETTINGS, {
    ...TEST_KEYS,
    ...{ AUTH_DATABASE_URL: databaseUrl, AUTH_GRPC_PORT: '0', AUTH_HTTP_PORT: '0' },
    ...{ AUTH_DATABASE_CONNECTIONS: '5', LOG_LEVEL: 'silent' },
    ...env,
  });
  return createAuthService(config);
}
