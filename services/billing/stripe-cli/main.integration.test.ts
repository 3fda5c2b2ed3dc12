import { fileURLToPath } from 'node:url';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase, runMain, type TestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from '../testing/stripe-server.ts';
import { type StoryEvent, storyEvents } from '../testing/stripe-story.ts';
import { applyDue } from '../webhooks/apply/applier.ts';
import { storeEvents } from '../webhooks/postgres/event-rows.ts';
import { readWebhookEvent } from '../webhooks/receive/webhook-event.ts';
import { expectedMessage, runTool } from './run-tool.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const stack = new AsyncDisposableStack();
let database: TestDatabase;
let stripe: StripeServer;
let client: Client;

beforeAll(async () => {
  database = stack.use(await createTestDatabase('billing'));
  stripe = stack.use(await startStripeServer());
  client = new Client({ connectionString: database.url });
  await client.connect();
  stack.defer(() => client.end());
});

afterAll(() => stack.disposeAsync());

/** Runs a tool in this process, with the output that the process of `main.ts` has. */
async function stripeTool(args: readonly string[], own: NodeJS.ProcessEnv = {}) {
  const env = { BILLING_DATABASE_URL: database.url, ...own };
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  try {
    const code = await runTool(args, { env, write, interruption: () => new AbortController().signal });
    return { code, out, err: '' };
  } catch (error) {
    const message = expectedMessage(error);
    if (message === undefined) throw error;
    return { code: 1, out, err: `${message}\n` };
  }
}

async function event(id: string, state: 'failed' | 'applied' | 'ignored') {
  const [applyTime, error] = [state === 'applied' ? 'now()' : 'null', state === 'failed' ? `'no'` : 'null'];
  await client.query(
    `insert into stripe_events (id, type, create_time, livemode, payload, state, attempts, apply_time, last_error)
     values ($1, 'charge.succeeded', now(), false, '[]', $2, 8, ${applyTime}, ${error})`,
    [id, state],
  );
}

async function waiting(): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from stripe_events where state = 'received' and attempts = 0 and next_attempt_time <= now() order by id`,
  );
  return rows.map(({ id }) => id);
}

describe('npm run stripe', () => {
  it.each([
    [[]],
    [['send', '--help']],
    [['list', '--help']],
    [['replay', '--help']],
    [['reconcile', '--help']],
  ])('%j prints the help', async (args) => {
    expect(await stripeTool(args)).toMatchObject({
      code: 0,
      out: expect.stringContaining('npm run stripe --'),
    });
  });

  it.each([
    [['pay'], 'There is no tool "pay"'],
    [['reconcile'], '--since is missing'],
    [['reconcile', '--since', 'yesterday', '--rate', '0'], '--rate must be'],
    [['reconcile', '--since', '2026-11-02', '--until', '2026-11-01'], '--since must be before'],
    [['list'], 'one of dead'],
    [['list', 'toString'], 'one of dead'],
    [['list', 'dead', 'held'], 'one of dead'],
    [['replay'], 'or --dead'],
    [['replay', 'evt_1', '--dead'], 'not both'],
    [['replay', 'pi_1'], 'no ids of events'],
  ])('%j is refused with the cure in one line', async (args, message) => {
    const { code, err } = await stripeTool(args);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    expect(err).not.toContain('    at ');
  });

  it('is a process that prints the result, or the fault on one line', async () => {
    const settings = { BILLING_DATABASE_URL: database.url };
    const run = async (args: readonly string[]) => {
      const { code, stdout: out, stderr: err } = await runMain(MAIN, settings, args);
      return { code, out, err };
    };
    for (const args of [
      ['list', 'held'],
      ['list', 'toString'],
    ]) {
      expect(await run(args)).toEqual(await stripeTool(args));
    }
  });

  it('names the missing variable, and the database that does not answer', async () => {
    const since = ['reconcile', '--since', '2026-11-01'];
    expect((await stripeTool(since)).err).toContain('STRIPE_API_KEY is not set');
    expect(
      (await stripeTool(['replay', '--dead'], { BILLING_DATABASE_URL: '', ROLLCALL_DATA_DIR: '/nowhere' }))
        .err,
    ).toContain('BILLING_DATABASE_URL is not set');
    const nowhere = { BILLING_DATABASE_URL: 'postgres://a:b@127.0.0.1:9/c' };
    expect((await stripeTool(['replay', '--dead'], nowhere)).err).toContain('BILLING_DATABASE_URL');
  });
});

describe('list', () => {
  it('thin-event: prints the dead events with the reason', async () => {
    await client.query('truncate stripe_events');
    for (const id of ['evt_a', 'evt_b']) await event(id, 'failed');
    await event('evt_c', 'applied');
    const { code, out } = await stripeTool(['list', 'dead']);
    expect([code, out.trim().split('\n')]).toEqual([
      0,
      [
        expect.stringMatching(/^evt_a {2}charge.succeeded .* no$/),
        expect.stringContaining('evt_b'),
        '2 dead',
      ],
    ]);
    const json = await stripeTool(['list', 'dead', '--json']);
    expect(JSON.parse(json.out)).toMatchObject([{ id: 'evt_a', fault: 'no' }, { id: 'evt_b' }]);
  });

  it.each(['foreign', 'unowned', 'unseen', 'held', 'mixed-currency'])(
    'prints the group %s',
    async (group) => {
      expect(await stripeTool(['list', group])).toMatchObject({
        code: 0,
        out: `0 ${group}\n`,
      });
    },
  );
});

describe('list of money', () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const listed = async (group: string) =>
    JSON.parse((await stripeTool(['list', group, '--json'])).out) as Record<string, unknown>[];

  const openPool = () => {
    const url = new Secret(database.url);
    const pool = createPool({ url, maxConnections: 1, statementTimeoutMs: 5000, logger });
    return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
  };

  it('money-units: converts Stripe’s units to minor units', async () => {
    await using pool = openPool();
    const captured = { captured: true, amount_captured: 540_000, amount_refunded: 5450 };
    const isk = storyEvents({ name: 'isk', amount: 540_000, currency: 'isk' });
    const mga = storyEvents({ name: 'mga', amount: 5400, currency: 'mga' });
    await apply(pool, [
      isk.charge('charge.refunded', captured),
      mga.charge('charge.succeeded', { captured: true, amount_captured: 5400 }),
    ]);
    expect(await listed('unowned')).toMatchObject([
      { currency: 'ISK', amount: '5400', captured: '5400', refunded: '54', unseen_refunds: '54' },
      { currency: 'MGA', amount: '540000', captured: '540000', refunded: '0' },
    ]);
    expect((await stripeTool(['list', 'unseen'])).out).toMatch(/ISK {2}5400 {2}5400 {2}54 {2}54 /);
  });

  it('foreign-money: prints a refund and a dispute in another currency, in any order', async () => {
    await using pool = openPool();
    const story = storyEvents({ name: 'mix', currency: 'isk', amount: 540_000 });
    await apply(pool, [story.refund('refund.created', { currency: 'mga', amount: 54 })]);
    await apply(pool, [story.charge('charge.succeeded', { captured: true, amount_captured: 540_000 })]);
    expect(await listed('mixed-currency')).toMatchObject([
      {
        ...{ stripe_id: 're_mix_1', kind: 'refund', status: 'succeeded', currency: 'MGA', amount: '5400' },
        ...{ payment: 'pi_mix', payment_currency: 'ISK' },
      },
    ]);
  });

  async function apply(pool: Pool, events: readonly StoryEvent[]) {
    await storeEvents(
      pool,
      events.map((each) => readWebhookEvent(JSON.stringify(each))),
    );
    await applyDue({ pool, logger });
  }
});

describe('replay', () => {
  it('replays the named events, and reports the others', async () => {
    await event('evt_applied', 'applied');
    await event('evt_ignored', 'ignored');
    const { code, out } = await stripeTool(['replay', 'evt_applied', 'evt_ignored', 'evt_none']);
    expect(code).toBe(1);
    expect(out).toContain('evt_applied charge.succeeded is put back');
    expect(out).toMatch(/evt_ignored is not in the ledger, or of a type/);
    expect(await waiting()).toEqual(['evt_applied']);
  });

  it('replays all dead events', async () => {
    await client.query('truncate stripe_events');
    for (const id of ['evt_a', 'evt_b']) await event(id, 'failed');
    await event('evt_c', 'applied');
    const { code, out } = await stripeTool(['replay', '--dead']);
    expect([code, out]).toEqual([0, expect.stringContaining('2 of the dead are put back')]);
    expect(await waiting()).toEqual(['evt_a', 'evt_b']);
  });
});

describe('reconcile', () => {
  const since = ['reconcile', '--since', '2026-11-01', '--until', '2026-11-02'];

  it('exits 0 with COMPLETE, or 2 with INCOMPLETE', async () => {
    const env = { STRIPE_API_KEY: STRIPE_TEST_KEY, STRIPE_API_BASE: stripe.url.href };
    const complete = await stripeTool(since, env);
    expect([complete.code, complete.out.trim().split('\n').at(-1)]).toEqual([0, 'COMPLETE: nothing differs']);
    stripe.plan({ fault: { status: 429, retryAfterS: 3600 }, times: 100 });
    const throttled = await stripeTool(since, env);
    expect(throttled.code).toBe(2);
    expect(throttled.out.trim().split('\n').at(-1)).toMatch(/^INCOMPLETE \(throttled\)/);
    stripe.heal();
  });

  it('does not print COMPLETE when the key is unknown', async () => {
    const env = { STRIPE_API_KEY: 'sk_test_other', STRIPE_API_BASE: stripe.url.href };
    const { code, out, err } = await stripeTool(since, env);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('correct STRIPE_API_KEY');
  });
});
