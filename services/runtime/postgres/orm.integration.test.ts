import { createTestDatabase } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Secret } from '../config/secret.ts';
import { createOrm } from './orm.ts';

const STATEMENT_TIMEOUT_MS = 500;

async function openOrm() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const options = {
    url: new Secret(database.url),
    entities: [],
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const orm = stack.adopt(createOrm(options), (each) => each.close(true));
  const closers = stack.move();
  const transact = (sql: string) => orm.em.fork().transactional((em) => em.execute<{ pid: number }[]>(sql));
  return { transact, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

describe('createOrm', () => {
  it('recovers its connection after it broke inside a transaction, again and again', async () => {
    await using orm = await openOrm();
    for (let i = 0; i < 3; i++) {
      await expect(orm.transact('select pg_terminate_backend(pg_backend_pid())')).rejects.toThrow();
      await expect
        .poll(() =>
          orm.transact('select 1').then(
            () => 'works',
            () => 'is stuck',
          ),
        )
        .toBe('works');
    }
  });

  it('recovers its connection after the database was silent for longer than the lease', {
    timeout: 30_000,
  }, async () => {
    await using orm = await openOrm();
    const [{ pid } = { pid: 0 }] = await orm.transact('select pg_backend_pid() as pid');
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(orm.transact('select 1')).rejects.toThrow();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expect
      .poll(
        () =>
          orm.transact('select 1').then(
            () => 'works',
            () => 'is stuck',
          ),
        { timeout: 20_000 },
      )
      .toBe('works');
  });
});
