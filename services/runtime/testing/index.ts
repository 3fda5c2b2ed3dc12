export {
  type CertificateTerms,
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from './certificates.ts';
export { createTestDatabase, type TestDatabase } from './database.ts';
export { TEST_KEYS } from './keys.ts';
export { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';
