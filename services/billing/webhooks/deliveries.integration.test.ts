import { hash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Secret } from '@rollcall/runtime';
import { startServers } from '@rollcall/runtime/rpc';
import { TEST_SERVER_OPTIONS } from '@rollcall/runtime/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapesOf } from '../testing/odd-shapes.ts';
import { refundedAndDisputed, type StoryEvent, signatureOf, storyEvents } from '../testing/stripe-story.ts';
import { openTestLedger, type TestLedger } from '../testing/test-ledger.ts';
import { openWebhooks } from './open-webhooks.ts';

const SECRET = 'whsec_now';
const NEXT_SECRET = 'whsec_next';

const stack = new AsyncDisposableStack();
let ledger: TestLedger;
let url: string;
let closedUrl: string;

beforeAll(async () => {
  ledger = stack.use(await openTestLedger());
  url = await open([new Secret(SECRET), new Secret(NEXT_SECRET)]);
  closedUrl = await open([]);
});

afterAll(() => stack.disposeAsync());

async function open(secrets: Secret[]): Promise<string> {
  const { pool, logger } = ledger;
  const webhooks = stack.use(openWebhooks({ pool, logger, secrets, toleranceS: 300 }));
  const servers = stack.use(
    await startServers({
      ...TEST_SERVER_OPTIONS,
      routes: () => [],
      readMetrics: () => webhooks.readings(),
      postRoutes: webhooks.postRoutes,
    }),
  );
  return `http://127.0.0.1:${servers.http.port}`;
}

interface Answer {
  readonly status: number;
  readonly body: {
    received?: boolean;
    state?: string;
    reason?: string;
    message?: string;
  };
}

async function post(body: string, signature: string | undefined, to = url): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(signature && { 'stripe-signature': signature }) };
  const answer = await fetch(`${to}/webhooks/stripe`, { method: 'POST', body, headers });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { message: text } };
}

const deliver = (event: StoryEvent, secret = SECRET) => {
  const body = JSON.stringify(event);
  return post(body, signatureOf(body, secret));
};

const stored = (id: string) =>
  ledger.rows<{
    state: string;
    payload: unknown;
    last_error: string | null;
    next_attempt_time: Date | null;
  }>('select state, payload, last_error, next_attempt_time from stripe_events where id = $1', [id]);

let stories = 0;
const story = (options: { apiVersion?: string | null } = {}) => {
  stories += 1;
  return storyEvents({ name: `d${stories}`, ...options });
};

describe('a delivery', () => {
  it('is stored, acknowledged and applied, under either of two secrets', async () => {
    const factory = story();
    const [one, other] = [
      factory.intent('payment_intent.created', {}),
      factory.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: 1999 }),
    ];
    expect(await deliver(one)).toEqual({ status: 200, body: { received: true, state: 'received' } });
    expect(await deliver(other, NEXT_SECRET)).toMatchObject({ status: 200 });
    await expect
      .poll(() =>
        ledger.rows('select state from payments where stripe_payment_intent_id = $1', [factory.intentId]),
      )
      .toEqual([{ state: 'SUCCEEDED' }]);
    await expect.poll(() => stored(other.id)).toMatchObject([{ state: 'applied', next_attempt_time: null }]);
  });

  it('is stored once, also with concurrent repeats, and acknowledged each time', async () => {
    const event = story().intent('payment_intent.created', {});
    const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(event)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(await stored(event.id)).toHaveLength(1);
  });

  it('of an unknown type is stored and acknowledged, and changes nothing', async () => {
    const event = story().intent('radar.early_fraud_warning.created', {
      object: 'radar.early_fraud_warning',
    });
    expect(await deliver(event)).toEqual({ status: 200, body: { received: true, state: 'ignored' } });
    expect(await stored(event.id)).toMatchObject([{ state: 'ignored', payload: [] }]);
  });

  it.each(['2031-01-01.oak', '2011-01-01', 'soon', null])(
    'of the unknown version %s is stored and acknowledged, not applied, and shown',
    async (apiVersion) => {
      const factory = story({ apiVersion });
      const event = factory.intent('payment_intent.succeeded', {
        status: 'succeeded',
        amount_received: 1999,
      });
      expect(await deliver(event)).toEqual({ status: 200, body: { received: true, state: 'failed' } });
      expect(await stored(event.id)).toMatchObject([
        {
          state: 'failed',
          next_attempt_time: null,
          last_error: expect.stringContaining('API_VERSION_UNKNOWN'),
        },
      ]);
      expect(ledger.log).toContainEqual(
        expect.objectContaining({ eventId: event.id, level: 'warn', apiVersion }),
      );
      expect(
        await ledger.rows('select 1 from payments where stripe_payment_intent_id = $1', [factory.intentId]),
      ).toEqual([]);
    },
  );

  it('that is not understood is stored and acknowledged, not applied, and shown as failed', async () => {
    const event = story().intent('payment_intent.succeeded', { status: 'teleported' });
    expect(await deliver(event)).toMatchObject({ status: 200, body: { state: 'failed' } });
    expect(await stored(event.id)).toMatchObject([
      { state: 'failed', next_attempt_time: null, last_error: expect.stringContaining('STATUS_UNKNOWN') },
    ]);
  });
});

describe('thin-event: any signed JSON is answered 200 and stored', () => {
  const postSigned = (body: string) => post(body, signatureOf(body, SECRET));

  it('thin-event: a thin event is ignored, and keeps the second in which it happened', async () => {
    const thin = {
      object: 'v2.core.event',
      created: '2024-09-17T06:20:52.996Z',
      id: 'evt_thin',
      type: 'v1.billing.meter.error_report_triggered',
    };
    const answer = await postSigned(JSON.stringify(thin));
    expect(answer).toEqual({
      status: 200,
      body: { received: true, state: 'ignored' },
    });
    expect(await ledger.rows(`select create_time from stripe_events where id = 'evt_thin'`)).toEqual([
      { create_time: new Date('2024-09-17T06:20:52Z') },
    ]);
  });

  it('thin-event: a body that is not an event is stored once, and waits for an operator', async () => {
    for (const body of ['[]', '"evt"', 'null', '7', '{}', '{"id":"evt_bare"}', '{"created":"now"}']) {
      for (let time = 0; time < 2; time += 1)
        expect(await postSigned(body)).toEqual({
          status: 200,
          body: { received: true, state: 'failed' },
        });
      const id = body.includes('evt_') ? 'evt_bare' : `sha256:${hash('sha256', body)}`;
      expect(await stored(id)).toMatchObject([
        {
          next_attempt_time: null,
          last_error: expect.stringContaining('ENVELOPE_UNKNOWN'),
        },
      ]);
    }
  });

  it('thin-event: an event of any shape is stored with others of its batch', async () => {
    const events = refundedAndDisputed({ name: 'shapes' });
    const bodies = fc.sample(shapesOf(events), { numRuns: 300, seed: 3 });
    const answers = await Promise.all(bodies.map((each) => postSigned(JSON.stringify(each))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('a delivery is refused, stored nowhere and logged', () => {
  const event = storyEvents({ name: 'refused' }).intent('payment_intent.created', {});
  const body = JSON.stringify(event);

  async function expectRefused(answer: Promise<Answer>, status: number, reason: string): Promise<Answer> {
    const before = ledger.log.length;
    const got = await answer;
    expect(got).toMatchObject({ status, body: { reason } });
    expect(ledger.log.slice(before)).toContainEqual(expect.objectContaining({ reason, level: 'warn' }));
    expect(await stored(event.id)).toEqual([]);
    return got;
  }

  it('when its signature is wrong', async () => {
    await expectRefused(post(body, signatureOf(body, 'whsec_other')), 400, 'SIGNATURE_INVALID');
    await expectRefused(post(`${body} `, signatureOf(body, SECRET)), 400, 'SIGNATURE_INVALID');
    await expectRefused(post(body, 'nonsense'), 400, 'SIGNATURE_INVALID');
    await expectRefused(post(body, undefined), 400, 'SIGNATURE_INVALID');
    await expectRefused(post('', signatureOf('', SECRET)), 400, 'SIGNATURE_INVALID');
  });

  it('B10: when its signature is empty or not hexadecimal', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const signature of ['', '0', 'é'.repeat(64), 'g'.repeat(64)])
      await expectRefused(post(body, `t=${now},v1=${signature}`), 400, 'SIGNATURE_INVALID');
  });

  it('when its signature is too old', async () => {
    const old = Date.now() - 301_000;
    await expectRefused(post(body, signatureOf(body, SECRET, old)), 400, 'SIGNATURE_EXPIRED');
  });

  it('when its JSON is cut off', async () => {
    for (const each of [body.slice(0, -10), '{', 'evt_1'])
      await expectRefused(post(each, signatureOf(each, SECRET)), 400, 'EVENT_MALFORMED');
  });

  it('when no secret is set, naming the variable', async () => {
    const answer = post(body, signatureOf(body, SECRET), closedUrl);
    const { body: said } = await expectRefused(answer, 503, 'STRIPE_NOT_CONFIGURED');
    expect(said).toMatchObject({ message: expect.stringContaining('STRIPE_WEBHOOK_SECRETS') });
  });
});

describe('a body', () => {
  const MIB = 1024 * 1024;

  function ofSize(bytes: number): string {
    const event = story().intent('payment_intent.created', { description: '' });
    return JSON.stringify(event).replace('"description":""', (found) => {
      const missing = bytes - Buffer.byteLength(JSON.stringify(event));
      return `${found.slice(0, -1)}${'x'.repeat(missing)}"`;
    });
  }

  it('of 1 MiB is accepted', async () => {
    const body = ofSize(MIB);
    expect(Buffer.byteLength(body)).toBe(MIB);
    expect(await post(body, signatureOf(body, SECRET))).toMatchObject({ status: 200 });
  });

  it('of one byte more is answered 413, and stored nowhere', async () => {
    const body = ofSize(MIB + 1);
    expect(await post(body, signatureOf(body, SECRET))).toMatchObject({ status: 413 });
    expect(await stored(JSON.parse(body).id)).toEqual([]);
  });

  it('that never ends is answered 413 once it is too long', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/webhooks/stripe`, { method: 'POST' }, (answer) => {
        answer.resume();
        request.destroy();
        resolve(answer.statusCode);
      });
      request.on('error', reject);
      const more = () => {
        while (request.write(Buffer.alloc(64 * 1024))) if (request.destroyed) return;
      };
      request.on('drain', more);
      more();
    });
    expect(status).toBe(413);
  });

  it('is accepted by POST only', async () => {
    expect((await fetch(`${url}/webhooks/stripe`)).status).toBe(405);
  });
});

it('stores and logs no data of the payer, and logs no payload', async () => {
  for (const event of refundedAndDisputed({ name: 'secretive' }))
    expect((await deliver(event)).status).toBe(200);
  await expect
    .poll(() =>
      ledger.rows(
        "select count(*)::int from stripe_events where id like 'evt_secretive%' and state = 'applied'",
      ),
    )
    .toEqual([{ count: 7 }]);
  const kept = await ledger.rows(
    `select (select jsonb_agg(e) from stripe_events e)::text as events, (select jsonb_agg(o) from stripe_objects o)::text as objects`,
  );
  for (const secret of ['Erika', 'Mustermann', 'example.org', '1234567', 'Heidestrasse', 'hush']) {
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(JSON.stringify(ledger.log)).not.toContain(secret);
  }
  const own = ledger.log.filter(({ eventId }) => String(eventId).startsWith('evt_secretive'));
  expect(own.length).toBeGreaterThan(0);
  expect(JSON.stringify(own)).not.toContain('amount');
});

it('counts received, applied and waiting events', async () => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/rollcall_webhook_deliveries_total\{outcome="received",service="test"\} [1-9]/);
  expect(metrics).toMatch(/rollcall_webhook_deliveries_total\{outcome="refused",service="test"\} [1-9]/);
  expect(metrics).toMatch(/rollcall_webhook_deliveries_total\{outcome="duplicate",service="test"\} [1-9]/);
  expect(metrics).toContain('rollcall_webhook_events_applied_total');
  expect(metrics).toContain('rollcall_webhook_lag_seconds');
});
