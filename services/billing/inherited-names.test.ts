import { describe, expect, it } from 'vitest';
import { subscriptionFromStripe } from './customers/customer.ts';
import { DISPUTE_STATES, REFUND_STATES } from './ledger/payment-states.ts';
import { readSendCommand } from './stripe-cli/send-command.ts';
import { readWebhookEvent } from './webhooks/receive/webhook-event.ts';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe.each(NAMES)('the name %s, which every object inherits,', (name) => {
  const event = (type: string, object: object) =>
    JSON.stringify({ id: 'evt_1', object: 'event', type, created: 1, livemode: false, data: { object } });
  const object = { id: 'du_1', object: 'dispute', amount: 1, currency: 'eur', created: 1 };

  it('B7: is not a type of event or a kind of object', () => {
    expect(readWebhookEvent(event(name, object))).toMatchObject({ state: 'ignored', kind: null });
    // A type about money with an unknown object waits for an operator.
    const strange = event('charge.dispute.created', { ...object, object: name });
    expect(readWebhookEvent(strange)).toMatchObject({ state: 'failed', kind: null });
  });

  it('B7: is not a status of an object', () => {
    const dispute = event('charge.dispute.created', {
      ...object,
      status: name,
      charge: 'ch_1',
      reason: 'general',
    });
    expect(readWebhookEvent(dispute)).toMatchObject({ state: 'failed' });
    expect(DISPUTE_STATES.get(name)).toBeUndefined();
    expect(REFUND_STATES.get(name)).toBeUndefined();
    const subscription = { id: 'sub_1', status: name, currentPeriodEnd: null, cancelAtPeriodEnd: false };
    expect(() => subscriptionFromStripe(subscription as never)).toThrow('which is not known here');
  });

  it('B7: is not an event that the command line sends', () => {
    expect(() => readSendCommand([name])).toThrow(`"${name}" is no type of event that is known here`);
    expect(() => readSendCommand(['--story', name])).toThrow('--story');
  });
});
