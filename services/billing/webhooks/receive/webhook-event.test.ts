import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapesOf } from '../../testing/odd-shapes.ts';
import { refundedAndDisputed } from '../../testing/stripe-story.ts';
import { isKnownVersion } from './event-envelope.ts';
import { readWebhookEvent } from './webhook-event.ts';

const read = (event: unknown) => readWebhookEvent(JSON.stringify(event));

const thin = (fields: Readonly<Record<string, unknown>>) =>
  read({
    object: 'v2.core.event',
    id: 'evt_1',
    type: 'v1.billing.meter.error_report_triggered',
    created: '2024-09-17T06:20:52.246Z',
    ...fields,
  });

describe('a thin event', () => {
  it('thin-event: is ignored when it names an object that is not stored', () => {
    expect(thin({})).toMatchObject({
      state: 'ignored',
      fault: null,
      created: 1_726_554_052,
    });
    const meter = {
      id: 'mtr_1',
      type: 'billing.meter',
      url: '/v1/billing/meters/mtr_1',
    };
    expect(thin({ related_object: meter, context: null, livemode: false })).toMatchObject({
      state: 'ignored',
    });
  });

  it.each(['charge', 'payment_intent', 'refund', 'dispute', 'subscription', 'invoice'])(
    'thin-event: waits for an operator when it names a %s, because it has no content',
    (type) => {
      const related = { id: 'x_1', type, url: `/v1/${type}s/x_1` };
      expect(thin({ type: `v1.${type}.updated`, related_object: related })).toMatchObject({
        ...{ state: 'failed', kind: type, objectId: 'x_1', payload: [] },
        fault: expect.stringContaining('THIN_EVENT'),
      });
    },
  );

  it.each([
    ['2024-09-17T08:20:52+02:00', 1_726_554_052],
    ['9999-12-31T23:59:59.9999999Z', 253_402_300_799],
    ['1969-12-31T23:59:59Z', null],
    ['2024-09-17', null],
    ['2024-13-41T06:20:52Z', null],
    [1_726_554_052, 1_726_554_052],
    [253_402_300_800, null],
    [null, null],
  ])('thin-event: happened at %j in second %j', (created, second) => {
    expect(thin({ created })).toMatchObject({
      created: second,
      state: second === null ? 'failed' : 'ignored',
    });
  });
});

describe('an event', () => {
  const [event] = refundedAndDisputed({ name: 'e' });
  const about = (type: string, object: unknown) => read({ ...event, type, data: { object } });

  it.each([
    ['payment_intent.succeeded', undefined, 'failed'],
    ['charge.refunded', {}, 'failed'],
    ['charge.refunded', { object: 'charge' }, 'failed'],
    ['charge.refunded', { object: 'charge_of_tomorrow', id: 'ch_1' }, 'failed'],
    ['customer.source.created', { object: 'card', id: 'card_1' }, 'ignored'],
    ['invoice.upcoming', { object: 'invoice' }, 'ignored'],
    ['radar.early_fraud_warning.created', undefined, 'ignored'],
  ])('thin-event: of type %s about %j is %s', (type, object, state) => {
    expect(about(type, object)).toMatchObject({ state });
  });

  it('thin-event: is read without an error at any depth of embedded objects', () => {
    const about = `"status":"succeeded","amount":1,"currency":"eur","created":1`;
    const charge = `{"object":"charge","id":"ch_1",${about},"payment_intent":`;
    const intent = `{"object":"payment_intent","id":"pi_1",${about},"latest_charge":`;
    const levels = 4000;
    const object = [(charge + intent).repeat(levels), '}}'.repeat(levels)].join('null');
    const body = JSON.stringify({ ...event, type: 'charge.updated', data: { object: 0 } });
    expect(readWebhookEvent(body.replace('"object":0', `"object":${object}`))).toMatchObject({
      state: 'received',
      payload: [
        { kind: 'payment_intent', id: 'pi_1' },
        { kind: 'charge', id: 'ch_1' },
      ],
    });
  });

  it('thin-event: of any JSON is read without an error', () => {
    const events = refundedAndDisputed({ name: 'any' });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), shapesOf(events)), (value) => {
        const { state, fault } = readWebhookEvent(JSON.stringify(value) ?? 'null');
        expect(state === 'failed').toBe(fault !== null);
      }),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['2020-08-27', true],
  ['2024-06-20', true],
  ['2025-03-31.basil', true],
  ['2026-10-28.endive', true],
  ['2020-03-02', false],
  ['2026-10-29.endive', false],
  ['endive', false],
  ['', false],
  [null, false],
])('knows the version %s: %s', (version, isKnown) => expect(isKnownVersion(version)).toBe(isKnown));
