// Public API of @rollcall/runtime/callers: certificates, service tokens, grants, limits and the audit log.

export { poll } from '../background/loops.ts';
export { type AuditEntry, type AuditLog, MAX_AUDITED_IDS, type RecordOptions } from './audit-log.ts';
export { isCallerId, LOCAL_CALLER } from './caller-id.ts';
export {
  type AccessOf,
  type AccessTable,
  accessFrom,
  type Grant,
  type GrantLimits,
  type Grants,
  indexGrants,
  type MethodAccess,
} from './grants.ts';
export {
  createTokenVerifier,
  MAX_TOKEN_SECONDS,
  TokenFault,
  type TokenVerifier,
  watchKeys,
} from './service-token.ts';
export { type TlsMaterial, watchTls } from './tls-material.ts';
export {
  createTokenSource,
  mintToken,
  readPrivateKey,
  type TokenRequest,
  writeKeyPair,
} from './token-keys.ts';
export type { NamedFile, Watched } from './watched-files.ts';
