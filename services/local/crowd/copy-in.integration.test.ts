import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CopyValue, copyIn } from './copy-in.ts';

// Several times what lies between two processes, so that it has to wait for the database.
const ROWS = 100_000;
const TEXT = 'x'.repeat(200);

const stack = new AsyncDisposableStack();
let databaseUrl: string;
let client: Client;

beforeAll(async () => {
  databaseUrl = stack.use(await createTestDatabase('auth')).url;
});
beforeEach(async () => {
  client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('create temporary table copied (n integer primary key, value text)');
  return () => client.end();
});
afterAll(() => stack.disposeAsync());

function* rows(last: (n: number) => CopyValue = () => TEXT): Generator<CopyValue[]> {
  for (let n = 1; n < ROWS; n++) yield [n, TEXT];
  yield [ROWS, last(ROWS)];
}

describe('a copy', () => {
  it('writes all rows, and what is in them as it is', async () => {
    const value = 'a\tb\\c\nd\r — 太郎';
    await copyIn(
      client,
      'copied (n, value)',
      rows(() => value),
    );
    const { rows: counted } = await client.query(
      'select count(*)::integer as n, max(value) filter (where n = $1) as value from copied',
      [ROWS],
    );
    expect(counted).toEqual([{ n: ROWS, value }]);
  });

  it('writes no row where there is none', async () => {
    await copyIn(client, 'copied (n, value)', []);
    expect((await client.query('select from copied')).rowCount).toBe(0);
  });

  it('fails with the error of the database, also where that comes while rows are sent, and the connection goes on', async () => {
    const refused = copyIn(client, 'copied (n, value)', [[1, TEXT], [1, TEXT], ...rows()]);
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    expect((await client.query('select from copied')).rowCount).toBe(0);
  });

  it('fails with the error of whoever makes the rows', async () => {
    const fault = new Error('no more');
    const refused = copyIn(
      client,
      'copied (n, value)',
      rows(() => {
        throw fault;
      }),
    );
    await expect(refused).rejects.toBe(fault);
  });
});
