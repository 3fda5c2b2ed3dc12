// The door of the auth service, for whoever starts it in a process of their own making.
export { AUDIT_SETTINGS, AUTH_SETTINGS, type AuthConfig } from './config.ts';
export { type AuthService, createAuthService } from './service.ts';
