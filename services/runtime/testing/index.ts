export { createTestDatabase, type TestDatabase } from './database.ts';
export { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';
