import { createTestDatabase } from '@rollcall/runtime/testing';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TYPES } from './parse-timestamp.ts';
import { PreparedClient } from './prepared-client.ts';
import { MAX_WHOLE_BYTES } from './raw-row.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ours: PreparedClient;
let plain: pg.Client;

async function open<Client extends pg.Client>(
  make: (config: pg.ClientConfig) => Client,
  config: pg.ClientConfig = {},
) {
  const client = make({ connectionString: database.url, types: TYPES, ...config });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const openOurs = (config?: pg.ClientConfig) => open((each) => new PreparedClient(each), config);

beforeAll(async () => {
  database = await createTestDatabase('auth');
  ours = await openOurs();
  plain = await open((each) => new pg.Client(each));
});

afterAll(async () => {
  await ours.end();
  await plain.end();
  await database[Symbol.asyncDispose]();
});

const EVERY_TYPE = {
  name: 'every_type',
  text: `select $1::text as text, $2::int as whole, $3::bigint as large, $4::timestamptz as time, $5::uuid as id,
    $6::text[] as texts, $7::jsonb as json, $8::boolean as yes, $9::date as day, $10::bytea as bytes,
    $11::double precision as real, 12.50::numeric as exact, '' as "a ""name""", null as nothing
    from generate_series(1, 2)`,
};

const text = fc
  .string({ unit: 'binary', maxLength: 2 * MAX_WHOLE_BYTES })
  .map((each) => each.replaceAll('\0', ''));
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const values = fc.tuple(
  orNull(text),
  orNull(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  orNull(fc.date({ min: new Date('0100-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })),
  orNull(fc.uuid()),
  orNull(fc.array(text, { maxLength: 3 })),
  orNull(fc.constantFrom('{"a":[1,"é"]}', '{}', '[]')),
  orNull(fc.boolean()),
  orNull(fc.constant('2026-05-01')),
  orNull(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  orNull(fc.double()),
);

describe('a named statement', () => {
  it('answers what pg answers, whatever the values', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const query = { ...EVERY_TYPE, values: given };
        const [{ rows, rowCount, command, fields }, expected] = await Promise.all([
          ours.query(query),
          plain.query(query),
        ]);
        expect({ rows, rowCount, command, fields }).toEqual({
          rows: expected.rows,
          rowCount: expected.rowCount,
          command: expected.command,
          fields: expected.fields,
        });
      }),
    );
  });

  it('answers many rows, which arrive in parts', async () => {
    const query = {
      name: 'many',
      text: `select n, repeat('ä', n % 300) as wide, 'row ' || n as short from generate_series(1, $1::int) n`,
      values: [5_000],
    };
    const { rows } = await plain.query(query);
    expect((await ours.query(query)).rows).toEqual(rows);
    expect((await ours.query(query)).rows).toEqual(rows);
  });

  it('says how many rows it changed, and answers none where there are none', async () => {
    await ours.query('create temp table things (n int)');
    const add = { name: 'add', text: 'insert into things select generate_series(1, $1::int)', values: [3] };
    for (let i = 0; i < 2; i++)
      expect(await ours.query(add)).toMatchObject({ command: 'INSERT', rowCount: 3, rows: [] });
    expect(await ours.query({ name: 'drop', text: 'delete from things' })).toMatchObject({ rowCount: 6 });
    expect(await ours.query({ name: 'of', text: 'select n from things' })).toMatchObject({
      rowCount: 0,
      rows: [],
    });
    expect(await ours.query({ name: 'nothing', text: '' })).toMatchObject({ rows: [] });
  });

  it('fails alone: what is asked after it is answered', async () => {
    const divide = { name: 'divide', text: 'select 1 / $1::int as part' };
    await expect(ours.query({ ...divide, values: [0] })).rejects.toMatchObject({ code: '22012' });
    await expect(ours.query({ ...divide, values: ['x'] })).rejects.toMatchObject({ code: '22P02' });
    await expect(ours.query({ name: 'wrong', text: 'select from nowhere.at_all' })).rejects.toThrow(
      'nowhere',
    );
    await expect(ours.query({ name: 'divide', text: 'select 2' })).rejects.toThrow('must be unique');
    await expect(ours.query({ ...divide, values: 'x' as never })).rejects.toThrow('must be an array');
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await expect(ours.query({ ...divide, values: [circle] })).rejects.toThrow('circular');
    expect((await ours.query({ ...divide, values: [1] })).rows).toEqual([{ part: 1 }]);
    expect((await ours.query('select 1 as one; select 2 as two')) as unknown).toMatchObject([
      { rows: [{ one: 1 }] },
      { rows: [{ two: 2 }] },
    ]);
  });

  it('is refused by Postgres once its columns have changed', async () => {
    await ours.query('create temp table shapes (a int)');
    const all = { name: 'shapes', text: 'select * from shapes' };
    await ours.query(all);
    await ours.query('alter table shapes add b int');
    await expect(ours.query(all)).rejects.toMatchObject({ code: '0A000' });
  });

  it('is asked in its turn, and while notices come', async () => {
    const notices: (string | undefined)[] = [];
    ours.on('notice', ({ message }) => notices.push(message));
    await ours.query(`do $$ begin raise notice 'hear'; end $$`);
    const one = { name: 'one', text: 'select $1::int as n' };
    const answers = await Promise.all([1, 2, 3].map((n) => ours.query({ ...one, values: [n] })));
    expect(answers.map(({ rows }) => rows)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
    expect(notices).toEqual(['hear']);
  });
});

const SLEEP = { name: 'sleep', text: 'select pg_sleep($1)', values: [20] };

describe('a named statement that takes too long', () => {
  it('is ended by Postgres, and the connection goes on', async () => {
    const client = await openOurs({ statement_timeout: 100 });
    await expect(client.query(SLEEP)).rejects.toMatchObject({ code: '57014' });
    expect((await client.query({ name: 'one', text: 'select 1 as n' })).rows).toEqual([{ n: 1 }]);
    await client.end();
  });

  it('is given up where no answer comes, as is all that waits behind it', async () => {
    const client = await openOurs({ query_timeout: 100 });
    const waiting = { name: 'one', text: 'select 1' };
    const all = [client.query(SLEEP), client.query(waiting), client.query('select 1')];
    for (const { reason } of (await Promise.allSettled(all)) as PromiseRejectedResult[])
      expect(reason).toEqual(new Error('Query read timeout'));
    await client.end();
  });

  it('fails at once where the connection is lost', async () => {
    const client = await openOurs();
    const [{ pid } = { pid: 0 }] = (await client.query('select pg_backend_pid() as pid')).rows;
    const answer = client.query(SLEEP);
    await plain.query('select pg_terminate_backend($1)', [pid]);
    await expect(answer).rejects.toThrow('terminating connection');
    await expect
      .poll(() => client.query({ name: 'one', text: 'select 1' }).catch(String))
      .toMatch('not queryable');
  });
});
