import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FeedHolder } from './change-log.ts';
import { createFeedHold, type FeedHold } from './feed-hold.ts';

const HOLDER: FeedHolder = { database: 'reports', pid: 7, who: 'etl nightly', ageMs: 4000 };
let nowMs: number;
let found: FeedHolder | undefined;
let failure: Error | undefined;
let lookUps: number;
let events: unknown[];
let hold: FeedHold;

beforeEach(() => {
  nowMs = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  found = HOLDER;
  failure = undefined;
  lookUps = 0;
  events = [];
  const holder = async () => {
    lookUps++;
    if (failure) throw failure;
    return found;
  };
  hold = createFeedHold(
    { holder },
    {
      onHeld: ({ database, behindMs }) => events.push(['held', database, behindMs]),
      onFree: ({ heldMs }) => events.push(['free', heldMs]),
      onError: (error) => events.push(error),
    },
  );
  nowMs = 100_000;
});

afterEach(() => vi.restoreAllMocks());

async function note(behindMs: number, more = false): Promise<void> {
  hold.record({ behindMs, hasMore: more });
  // Long enough for a look-up, which awaits once.
  await new Promise(setImmediate);
}

const readings = () => hold.readings().map(({ name, labels, value }) => ({ name, labels, value }));
const behind = (value: number) => ({ name: 'rollcall_user_feed_behind_seconds', labels: {}, value });
const held = (labels: Record<string, string>, value: number) => ({
  ...{ name: 'rollcall_user_feed_held_seconds', labels, value },
});

describe('A3: a feed that is held back', () => {
  it('is one whose end is a second behind, and logs the holding transaction once', async () => {
    await note(999);
    expect([events, lookUps]).toEqual([[], 0]);
    await note(1000);
    nowMs += 5000;
    await note(6000);
    expect(events).toEqual([['held', 'reports', 1000]]);
    expect(readings()).toEqual([behind(6), held({ database: 'reports', pid: '7' }, 4)]);
  });

  it('looks for the holding transaction once a second at most', async () => {
    await note(1000);
    nowMs += 999;
    await note(1999);
    expect(lookUps).toBe(1);
    nowMs += 1;
    await note(2000);
    expect(lookUps).toBe(2);
  });

  it('is released with its end, logs how long it was held, and can be held again', async () => {
    await note(1500);
    nowMs += 2000;
    await note(3);
    expect(readings()).toEqual([behind(0.003)]);
    await note(2);
    nowMs += 1000;
    await note(1000);
    expect(events).toEqual([
      ['held', 'reports', 1500],
      ['free', 3500],
      ['held', 'reports', 1000],
    ]);
  });

  it('is not one whose end was not read yet', async () => {
    await note(5000, true);
    expect([events, lookUps, readings()]).toEqual([[], 0, [behind(99)]]);
  });

  it('counts its delay from the first read of this process at most', async () => {
    nowMs = 2500;
    await note(1_000_000);
    expect(events).toEqual([['held', 'reports', 1500]]);
  });

  it('logs nothing when no transaction is found, or when it is released meanwhile', async () => {
    found = undefined;
    await note(2000);
    found = HOLDER;
    nowMs += 1000;
    hold.record({ behindMs: 3000, hasMore: false });
    await note(0);
    expect(events).toEqual([]);
    expect(readings()).toEqual([behind(0)]);
  });

  it('reports a failed look-up, and looks again', async () => {
    failure = new Error('no connection');
    await note(2000);
    failure = undefined;
    nowMs += 1000;
    await note(3000);
    expect(events).toEqual([new Error('no connection'), ['held', 'reports', 3000]]);
  });

  it('names a prepared transaction, and reports its own delay when the age is hidden', async () => {
    found = { ...HOLDER, pid: undefined, ageMs: undefined };
    await note(2000);
    expect(readings()).toEqual([behind(2), held({ database: 'reports', pid: 'prepared' }, 2)]);
  });

  it('ages between two readings', async () => {
    await note(10);
    nowMs += 1000;
    expect(readings()).toEqual([behind(1.01)]);
  });
});
