import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CopyValue } from './binary-values.ts';
import { copyIn } from './copy-in.ts';

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

  it('writes every type of column that a crowd has, and nulls', async () => {
    await client.query(`create temporary table typed (id uuid, n bigint, ratio double precision, at timestamptz(3),
      bytes bytea, json jsonb, word text collate "C")`);
    const id = '019b8c3a-5800-7000-8000-00000000002a';
    const rowsOf = (sign: number): CopyValue[] => [
      id,
      sign * Number.MAX_SAFE_INTEGER,
      sign * 4.9,
      new Date(Date.UTC(2000 + sign * 26, 2, 1, 8, 30, 59, 999)),
      Buffer.from([0, 255, 92]),
      '{"a": ["ß"]}',
      '',
    ];
    await copyIn(client, 'typed', [rowsOf(1), rowsOf(-1), Array(7).fill(null)]);
    const { rows: typed } = await client.query({
      text: 'select id, n::text, ratio, at, bytes, json, word from typed order by n desc nulls last',
      rowMode: 'array',
    });
    const read = ([, n, ratio, at, bytes, , word]: CopyValue[]) => [
      ...[id, String(n), ratio, at, bytes],
      ...[{ a: ['ß'] }, word],
    ];
    expect(typed).toEqual([read(rowsOf(1)), read(rowsOf(-1)), Array(7).fill(null)]);
  });

  it('refuses a type that it does not know, and what is no UUID, before the table holds anything', async () => {
    await client.query('create temporary table odd (id uuid, flag boolean)');
    await expect(copyIn(client, 'odd', [['x', 1]])).rejects.toThrow('type with OID 16');
    await expect(copyIn(client, 'odd (id)', [['no-uuid']])).rejects.toThrow('"no-uuid" is no UUID');
  });

  it('writes rows that are larger than what is sent at once', async () => {
    const value = '太'.repeat(300_000);
    await copyIn(client, 'copied (n, value)', [
      [1, value],
      [2, value],
      [3, ''],
    ]);
    const { rows: lengths } = await client.query('select length(value) as n from copied order by copied.n');
    expect(lengths.map(({ n }) => n)).toEqual([300_000, 300_000, 0]);
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
