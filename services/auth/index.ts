// Public API of the auth service, for processes that start it.
export { AUDIT_SETTINGS, AUTH_SETTINGS, type AuthConfig } from './config.ts';
export { type AuthService, createAuthService } from './service.ts';
