export {
  type CertificateTerms,
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from './certificates.ts';
export { createTestDatabase, type TestDatabase } from './database.ts';
export { TEST_KEYS } from './keys.ts';
export {
  COMPILE_CACHE,
  type ListeningPorts,
  listeningPorts,
  type MainProcess,
  type Ran,
  runMain,
  startMain,
} from './main-process.ts';
export { openTestPool, query } from './query.ts';
export { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { TEST_SERVER_OPTIONS } from './test-servers.ts';
