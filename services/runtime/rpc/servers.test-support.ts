import { Writable } from 'node:stream';
import { createLogger } from '../log/logger.ts';
import { TEST_DOORS } from '../testing/test-servers.ts';
import { type DoorsOptions, type OpenDoors, openDoors } from './start-servers.ts';

/** Doors of a test, and what they logged. */
export interface TestDoors extends AsyncDisposable {
  readonly doors: OpenDoors;
  /** Lines of the log so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
}

/** Opens both doors on ports of the system's choice. */
export async function openTestDoors(
  options: Pick<DoorsOptions, 'routes'> & Partial<DoorsOptions>,
): Promise<TestDoors> {
  const log: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line, _, done) {
      log.push(JSON.parse(String(line)));
      done();
    },
  });
  const doors = await openDoors({
    ...TEST_DOORS,
    logger: createLogger({ service: 'test', level: 'debug' }, destination),
    ...options,
  });
  return { doors, log, [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose]() };
}
