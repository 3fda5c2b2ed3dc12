import { Writable } from 'node:stream';
import { createLogger } from '../log/logger.ts';
import { TEST_SERVER_OPTIONS } from '../testing/test-servers.ts';
import { type ListeningServers, type ServersOptions, startServers } from './start-servers.ts';

/** Both servers of a test and their log. */
export interface TestServers extends AsyncDisposable {
  readonly servers: ListeningServers;
  /** Log lines so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
}

/** Starts both servers on free ports. */
export async function startTestServers(
  options: Pick<ServersOptions, 'routes'> & Partial<ServersOptions>,
): Promise<TestServers> {
  const log: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line, _, done) {
      log.push(JSON.parse(String(line)));
      done();
    },
  });
  const servers = await startServers({
    ...TEST_SERVER_OPTIONS,
    logger: createLogger({ service: 'test', level: 'debug' }, destination),
    ...options,
  });
  return { servers, log, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() };
}
