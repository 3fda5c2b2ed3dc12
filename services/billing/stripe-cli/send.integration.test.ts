import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CUSTOMER_EVENTS } from '../stripe/samples/customer-events.ts';
import { PAYMENT_EVENTS } from '../stripe/samples/payment-events.ts';
import { readWebhookEvent } from '../webhooks/receive/webhook-event.ts';
import { WEBHOOK_SECRET_FILE } from './post-event.ts';
import { readSendCommand } from './send-command.ts';
import { runSend } from './send-events.ts';

const USER = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
const stack = new AsyncDisposableStack();
/** The received events, each verified by Stripe's package. */
let events: Stripe.Event[] = [];
let bodies: string[] = [];
let status = 200;
let url: string;
let directory: string;

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const header = request.headers['stripe-signature'] ?? '';
    bodies.push(body);
    events.push(Stripe.webhooks.constructEvent(body, header, 'whsec_kept'));
    response.writeHead(status).end('{"received":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`;
  directory = await mkdtemp(join(tmpdir(), 'stripe-send-'));
  stack.defer(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, WEBHOOK_SECRET_FILE), 'whsec_kept\n');
});

beforeEach(() => {
  [events, bodies, status] = [[], [], 200];
});

afterAll(() => stack.disposeAsync());

/** Runs `send` with a command line. Returns its exit code and output. */
async function send(args: string, env: NodeJS.ProcessEnv = {}) {
  const texts: string[] = [];
  const command = readSendCommand([...args.split(' '), '--url', url]);
  const write = (each: string) => void texts.push(each);
  const code = await runSend(command, { ROLLCALL_DATA_DIR: directory, ...env }, { write });
  return { code, printed: texts.join('') };
}

function objectOf(event: Stripe.Event | undefined): Record<string, unknown> {
  return event?.data.object as unknown as Record<string, unknown>;
}

describe('amounts', () => {
  it.each([
    ['ISK', 5400, 540_000],
    ['UGX', 5400, 540_000],
    ['MGA', 540_000, 5400],
    ['JPY', 5400, 5400],
    ['KWD', 5120, 5120],
  ])(
    'money-units: of %s are %i in minor units on the command line and %i in events',
    async (code, given, sent) => {
      const { printed } = await send(
        `payment_intent.succeeded --user ${USER} --amount ${given} --currency ${code}`,
      );
      expect(objectOf(events[0])).toMatchObject({
        amount: sent,
        amount_received: sent,
        currency: code.toLowerCase(),
      });
      const [line = '', payment = ''] = /payment (pi_\w+): .*/.exec(printed) ?? [];
      expect(line).toBe(`payment ${payment}: ${given} ${code} in minor units`);
      await send(`charge.refunded --payment ${payment} --refunded ${given}`);
      expect(objectOf(events[1])).toMatchObject({ amount: sent, amount_refunded: sent });
    },
  );

  it('money-units: are refused when Stripe does not accept them', async () => {
    await expect(send('payment_intent.succeeded --amount 5123 --currency KWD')).rejects.toThrow(
      '--amount must be a multiple of 10',
    );
    for (const code of ['ZZZ', 'CLF', 'XAU'])
      await expect(send(`payment_intent.succeeded --currency ${code}`)).rejects.toThrow(
        `--currency must be the ISO 4217 code of a currency that Stripe takes`,
      );
  });

  it('money-units: of a story with partial refunds are accepted by Stripe, in every currency', async () => {
    const steps = { EUR: 1, JPY: 1, MGA: 1, KWD: 10, ISK: 100, UGX: 100 };
    for (const [code, step] of Object.entries(steps)) {
      events = [];
      await send(`--story partial-refunds --currency ${code}`);
      const parts = events.map(objectOf).flatMap(({ object, amount, amount_refunded: back }) => {
        return object === 'refund' ? [Number(amount)] : [Number(back ?? 0)];
      });
      expect(new Set(parts).size, code).toBeGreaterThan(2);
      for (const part of parts) expect(part % step, `${part} of ${code}`).toBe(0);
    }
  });

  it('money-units: have a default in every currency', async () => {
    for (const code of ['MGA', 'KWD', 'ISK']) await send(`payment_intent.succeeded --currency ${code}`);
    expect(events.map((each) => objectOf(each).amount)).toEqual([19, 1990, 199_900]);
  });
});

describe('send', () => {
  it('posts an event that Stripe’s package verifies, with the secret of npm start', async () => {
    const { code, printed } = await send(
      `payment_intent.succeeded --user ${USER} --booking ${USER} --tenant acme --amount 250 --currency USD`,
    );
    expect(code).toBe(0);
    expect(printed).toMatch(/^evt_\w+ payment_intent\.succeeded -> 200 \{"received":true\}\n/);
    expect(objectOf(events[0])).toMatchObject({
      object: 'payment_intent',
      status: 'succeeded',
      amount_received: 250,
      currency: 'usd',
      metadata: { tenant_id: 'acme', user_id: USER, booking_id: USER },
    });
  });

  it('prefers the first secret of the environment', async () => {
    await send('charge.succeeded', { STRIPE_WEBHOOK_SECRETS: 'whsec_kept, whsec_other' });
    expect(events).toHaveLength(1);
  });

  it('sends later events of a payment consistent with the earlier ones', async () => {
    await send(`payment_intent.succeeded --user ${USER} --amount 250 --currency USD`);
    const intent = objectOf(events[0]);
    await send(`charge.refunded --payment ${intent.id} --refunded 100`);
    await send(`refund.updated --payment ${intent.id} --refunded 100`);
    expect(objectOf(events[1])).toMatchObject({
      payment_intent: intent.id,
      id: intent.latest_charge,
      amount: 250,
      amount_refunded: 100,
      currency: 'usd',
      metadata: intent.metadata,
    });
    expect(objectOf(events[2])).toMatchObject({ object: 'refund', payment_intent: intent.id, amount: 100 });
  });

  it('requires the amount of an unknown payment', async () => {
    await expect(send('charge.refunded --payment pi_Unknown')).rejects.toThrow('say --amount');
    await send(`charge.refunded --payment pi_Unknown --amount 100 --user ${USER}`);
    expect(objectOf(events[0])).toMatchObject({ payment_intent: 'pi_Unknown', amount: 100 });
  });

  it('sends a story in the order of the seed, and each event as often as requested', async () => {
    await send('--story refund');
    const inOrder = events.map(({ type }) => type);
    events = [];
    await send('--story refund --shuffle 7 --duplicates 2');
    const shuffled = events.map(({ type }) => type);
    expect(shuffled).not.toEqual([...inOrder, ...inOrder]);
    expect([...shuffled].sort()).toEqual([...inOrder, ...inOrder].sort());
    expect(new Set(events.map(({ id }) => id)).size).toBe(inOrder.length);
    events = [];
    await send('--story refund --shuffle 7 --duplicates 2');
    expect(events.map(({ type }) => type)).toEqual(shuffled);
  });

  it.each([...PAYMENT_EVENTS.keys(), ...CUSTOMER_EVENTS.keys()])(
    'sends a %s that the ledger understands',
    async (type) => {
      await send(`${type} --user ${USER} --tenant acme`);
      expect(events[0]?.type).toBe(type);
      expect(readWebhookEvent(bodies[0] ?? '')).toMatchObject({ type, state: 'received', fault: null });
    },
  );

  it('reports a refused event by its exit code', async () => {
    status = 503;
    expect(await send('charge.succeeded')).toMatchObject({
      code: 1,
      printed: expect.stringContaining('1 of 1 were not taken'),
    });
  });

  it('prints events instead of posting them', async () => {
    const { printed } = await send('charge.failed --print');
    expect(JSON.parse(printed)).toMatchObject({ type: 'charge.failed', api_version: '2026-10-28.endive' });
    expect(events).toEqual([]);
  });
});

describe('an invalid command', () => {
  it.each([
    ['payment_intent.done', 'no type of event that is known here'],
    ['charge.failed charge.failed', 'one argument too many'],
    ['charge.failed --story refund', 'not both'],
    ['--story sad', '--story must be one of paid'],
    ['charge.failed --user me --amount 0', '--amount must be a whole number from 1'],
    ['charge.failed --user me --amount 0', '--user must be a UUID, not "me"'],
    ['charge.failed --wrong', 'Unknown option'],
  ])('%s: %s', (args, message) => {
    expect(() => readSendCommand(args.split(' '))).toThrow(message);
  });

  it('names the cure when the secret is missing, and when the webhook does not answer', async () => {
    const address = { host: '::1', httpPort: 22084 };
    expect(readSendCommand(['charge.failed'], address).url.href).toBe('http://[::1]:22084/webhooks/stripe');
    const command = readSendCommand(['charge.failed', '--url', 'http://127.0.0.1:9/']);
    const output = { write: () => {} };
    const nowhere = { ROLLCALL_DATA_DIR: join(directory, 'none') };
    await expect(runSend(command, nowhere, output)).rejects.toThrow('set STRIPE_WEBHOOK_SECRETS');
    await expect(runSend(command, { ROLLCALL_DATA_DIR: directory }, output)).rejects.toThrow(
      'Nobody answers',
    );
  });
});
