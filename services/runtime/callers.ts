// Who asks: certificates, service tokens, grants, limits, and the log of it all.
export { type AuditEntry, type AuditLog, MAX_AUDITED_IDS, type RecordOptions } from './callers/audit-log.ts';
export { isCallerId, LOCAL_CALLER } from './callers/caller-id.ts';
export { type Grant, type GrantBook, type GrantLimits, indexGrants } from './callers/grants.ts';
export { type AccessOf, type AccessTable, accessFrom, type MethodAccess } from './callers/method-access.ts';
export { pollQuietly } from './callers/poll-quietly.ts';
export {
  createTokenVerifier,
  MAX_TOKEN_SECONDS,
  TokenFault,
  type TokenVerifier,
  watchKeys,
} from './callers/service-token.ts';
export { type TlsMaterial, watchTls } from './callers/tls-material.ts';
export {
  createTokenSource,
  mintToken,
  readPrivateKey,
  type TokenRequest,
  writeKeyPair,
} from './callers/token-keys.ts';
export type { NamedFile, Watched } from './callers/watched-files.ts';
