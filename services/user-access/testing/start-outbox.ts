import { createLogger, Secret } from '@rollcall/runtime';
import { addJobs, type Outbox, type OutboxJob, startOutbox } from '@rollcall/runtime/outbox';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { type UserTasksOptions, userTasks } from '../outbox/user-tasks.ts';
import { accessTo } from './access-to.ts';
import { type AuthUnderTest, startAuth } from './start-auth.ts';

/** The outbox of a consumer service, connected to the real auth service. */
export interface OutboxUnderTest extends AsyncDisposable {
  readonly auth: AuthUnderTest;
  readonly pool: Pool;
  /** Creates the tasks with other statistics. */
  tasksWith(readStatistics: UserTasksOptions['readStatistics']): ReturnType<typeof userTasks>;
  readonly outbox: Outbox;
  add(...jobs: OutboxJob[]): Promise<void>;
  /** Waits until no job waits. The test's own timeout ends the wait. */
  drained(): Promise<void>;
}

/** Starts the outbox, its database and the auth service. */
export async function startOutboxUnderTest(
  readStatistics: UserTasksOptions['readStatistics'],
): Promise<OutboxUnderTest> {
  await using stack = new AsyncDisposableStack();
  const auth = stack.use(await startAuth());
  const database = stack.use(await createTestDatabase('booking'));
  const url = new Secret(database.url);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const pool = stack.adopt(createPool({ url, maxConnections: 4, statementTimeoutMs: 5000, logger }), (each) =>
    each.end(),
  );
  const { admin } = stack.use(await accessTo(auth.address));
  const tasksWith = (read: UserTasksOptions['readStatistics']) =>
    userTasks({ admin, pool, source: 'booking', readStatistics: read });
  const tasks = tasksWith(readStatistics);
  const outbox = stack.use(await startOutbox({ url, logger, tasks, pollMs: 20, maintenanceMs: 100 }));
  const closers = stack.move();
  return {
    auth,
    pool,
    tasksWith,
    outbox,
    add: (...jobs) => addJobs((text, values) => pool.query(text, values), jobs),
    drained: () => untilNoJobWaits(pool),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

async function untilNoJobWaits(pool: Pool): Promise<void> {
  const waits = 'select from graphile_worker.jobs where attempts < max_attempts or locked_at is not null';
  while ((await pool.query(waits)).rowCount) await new Promise((resolve) => setTimeout(resolve, 20));
}
