import { createLogger } from '../log/logger.ts';
import type { ServersOptions } from '../rpc/start-servers.ts';

/** Options of `startServers` for tests, besides routes: loopback, free ports, no log. */
export const TEST_SERVER_OPTIONS = {
  name: 'test',
  host: '127.0.0.1',
  grpc: { port: 0, variable: 'TEST_GRPC_PORT' },
  http: { port: 0, variable: 'TEST_HTTP_PORT' },
  logger: createLogger({ service: 'test', level: 'silent' }),
  toRpcError: () => undefined,
  isReady: async () => true,
} satisfies Omit<ServersOptions, 'routes'>;
