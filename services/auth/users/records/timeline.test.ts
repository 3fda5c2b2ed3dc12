import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { listTimeline, type TimelineEntry, type TimelineSource, timelinePositionOf } from './timeline.ts';

const signIn = { case: 'signIn', value: { succeeded: true, method: 'password' } } as const;
const entry = (timeMs: number): TimelineEntry => ({
  time: new Date(timeMs),
  recordTime: new Date(timeMs),
  id: randomUUID(),
  content: signIn,
});

const before = (one: TimelineEntry, { timeMs, id }: { timeMs: number; id: string }) =>
  one.time.getTime() < timeMs || (one.time.getTime() === timeMs && one.id < id);

function sourceOf(entries: TimelineEntry[]): TimelineSource {
  const key = ({ time, id }: TimelineEntry) => `${String(time.getTime()).padStart(15, '0')}${id}`;
  return {
    find: async ({ before: place, limit }) =>
      entries
        .filter((each) => !place || before(each, place))
        .sort((one, other) => (key(one) < key(other) ? 1 : -1))
        .slice(0, limit),
  };
}

describe('listTimeline', () => {
  it('pages through all sources, each entry once and newest first, with equal times and concurrent additions', async () => {
    const lists = [0, 1, 2].map((n) =>
      Array.from({ length: 20 }, (_, i) => entry(((i * (n + 1)) % 7) * 1000)),
    );
    const all = lists.flat();
    const sources = lists.map(sourceOf);
    const seen: TimelineEntry[] = [];
    for (;;) {
      const last = seen.at(-1);
      const page = { tenantId: 't', userId: 'u', limit: 7, before: last && timelinePositionOf(last) };
      const entries = await listTimeline(sources, page);
      if (entries.length === 0) break;
      seen.push(...entries);
      // Newer than everything seen, so it belongs to no later page.
      lists[0]?.push(entry(1_000_000));
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen)).toEqual(new Set(all));
    const times = seen.map(({ time }) => time.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });
});
