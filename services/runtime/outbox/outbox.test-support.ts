import type { Pool } from 'pg';
import { Secret } from '../config/secret.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { createTestDatabase, openTestPool } from '../testing/index.ts';
import { addJobs, type OutboxJob, type OutboxTask } from './job.ts';
import { type Outbox, type OutboxOptions, startOutbox } from './outbox.ts';

/** A database with an outbox whose jobs run only after `start`. */
export interface OutboxUnderTest extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
  /** Log lines, one object each. */
  readonly lines: readonly Record<string, unknown>[];
  /** Adds jobs in their own transaction. */
  add(...jobs: OutboxJob[]): Promise<void>;
  /** Runs jobs until disposed, and polls faster than a service. */
  start(tasks: Record<string, OutboxTask>, options?: Partial<OutboxOptions>): Promise<Outbox>;
  /** Number of jobs in the table, dead ones included. */
  count(): Promise<number>;
}

/** Creates a database with an outbox. */
export async function createOutboxUnderTest(): Promise<OutboxUnderTest> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await createTestDatabase('booking'));
  const pool = stack.use(openTestPool(url, 4));
  const lines: Record<string, unknown>[] = [];
  const logger = loggerInto(lines);
  const closers = stack.move();
  return {
    url,
    pool,
    lines,
    add: (...jobs) => addJobs((text, values) => pool.query(text, values), jobs),
    start: (tasks, options) =>
      startOutbox({ url: new Secret(url), logger, tasks, pollMs: 20, maintenanceMs: 100, ...options }),
    count: async () => (await pool.query('select count(*)::int as n from graphile_worker.jobs')).rows[0].n,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function loggerInto(lines: Record<string, unknown>[]): Logger {
  const write = (line: string) => void lines.push(JSON.parse(line));
  return createLogger({ service: 'test', level: 'debug' }, { write });
}

/** Waits until a condition holds. The timeout of the test ends it. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
