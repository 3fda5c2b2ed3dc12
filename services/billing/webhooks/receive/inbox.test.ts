import { describe, expect, it } from 'vitest';
import { storyEvents } from '../../testing/stripe-story.ts';
import { createInbox } from './inbox.ts';
import { readWebhookEvent, type WebhookEvent } from './webhook-event.ts';

const event = (name: string): WebhookEvent =>
  readWebhookEvent(JSON.stringify(storyEvents({ name }).intent('payment_intent.created', {})));

/** A store whose writes complete on demand. */
function heldStore() {
  const batches: string[][] = [];
  const held: PromiseWithResolvers<void>[] = [];
  const store = async (events: readonly WebhookEvent[]) => {
    batches.push(events.map(({ id }) => id));
    const turn = Promise.withResolvers<void>();
    held.push(turn);
    await turn.promise;
    return new Set(events.map(({ id }) => id));
  };
  return { store, batches, release: () => held.splice(0).forEach((each) => void each.resolve()) };
}

const nextTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('an inbox', () => {
  it('stores the events that arrive during a write together', async () => {
    const { store, batches, release } = heldStore();
    await using inbox = createInbox({ store, maxInFlight: 1, maxBatch: 3 });
    const first = inbox.put(event('a'));
    await nextTurn();
    const rest = ['b', 'c', 'd', 'e'].map((name) => inbox.put(event(name)));
    await nextTurn();
    expect(batches).toHaveLength(1);
    while (batches.length < 3) {
      release();
      await nextTurn();
    }
    release();
    await Promise.all([first, ...rest]);
    expect(batches.map((each) => each.length)).toEqual([1, 3, 1]);
  });

  it('reports an event that arrives twice at once as new once', async () => {
    await using inbox = createInbox({ store: async (events) => new Set(events.map(({ id }) => id)) });
    const both = await Promise.all([inbox.put(event('a')), inbox.put(event('a'))]);
    expect(both).toEqual([{ isNew: true }, { isNew: false }]);
  });

  it('refuses an event that cannot be stored, and continues with the next', async () => {
    let isAway = true;
    const store = async (events: readonly WebhookEvent[]) => {
      if (isAway) throw new Error('away');
      return new Set(events.map(({ id }) => id));
    };
    await using inbox = createInbox({ store });
    await expect(inbox.put(event('a'))).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
    isAway = false;
    await expect(inbox.put(event('a'))).resolves.toEqual({ isNew: true });
  });

  it('refuses an event when too many wait', async () => {
    const { store, release } = heldStore();
    const inbox = createInbox({ store, maxInFlight: 1, maxBatch: 1, maxWaiting: 1 });
    const first = inbox.put(event('a'));
    await nextTurn();
    const second = inbox.put(event('b'));
    await expect(inbox.put(event('c'))).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
    release();
    await first;
    await nextTurn();
    release();
    await second;
    await inbox[Symbol.asyncDispose]();
  });

  it('closes once all events are stored', async () => {
    const { store, release } = heldStore();
    const inbox = createInbox({ store });
    const stored: string[] = [];
    const put = inbox.put(event('a')).then(() => stored.push('a'));
    const closed = inbox[Symbol.asyncDispose]().then(() => stored.push('closed'));
    await nextTurn();
    expect(stored).toEqual([]);
    release();
    await Promise.all([put, closed]);
    expect(stored).toEqual(['a', 'closed']);
  });
});
