import { createTestDatabase, openTestPool } from '@rollcall/runtime/testing';

/** A database of one test, and statements in it as the role that owns its tables. */
export async function openDatabase() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const pool = stack.use(openTestPool(database.ownerUrl));
  const closers = stack.move();
  return {
    url: database.url,
    query: async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
