import { describe, expect, it } from 'vitest';
import { FeedClock } from './feed-clock.ts';

const SERVER = 1_700_000_000_000;

describe('the age of a checkpoint', () => {
  it('is zero while checkpoints come as fast as their time goes, whatever the two clocks show', () => {
    const clock = new FeedClock();
    for (let ms = 0; ms < 60_000; ms += 1_000) expect(clock.record(SERVER + ms, 500 + ms)).toBe(500 + ms);
  });

  it('is the time by which a checkpoint is later than the earliest one', () => {
    const clock = new FeedClock();
    clock.record(SERVER, 500);
    expect(clock.record(SERVER + 1_000, 1_530)).toBeCloseTo(1_500, -1);
    expect(clock.record(SERVER + 2_000, 2_490)).toBe(2_490);
  });

  it('grows while the feed repeats itself, though its checkpoints come on time', () => {
    const clock = new FeedClock();
    for (let ms = 0; ms <= 5_000; ms += 1_000) clock.record(SERVER, ms);
    expect(clock.record(SERVER, 6_000)).toBeLessThan(10);
    expect(clock.record(SERVER + 7_000, 7_000)).toBeCloseTo(7_000, -1);
  });

  it('does not grow where two clocks drift apart slowly', () => {
    const clock = new FeedClock();
    const dayMs = 86_400_000;
    for (let ms = 0; ms < dayMs; ms += 1_000) {
      const trueAtMs = clock.record(SERVER + ms * (1 - 0.000_1), ms) ?? Number.NEGATIVE_INFINITY;
      if (ms - trueAtMs > 10) throw new Error(`${ms - trueAtMs} ms old after ${ms} ms`);
    }
  });

  it('is unknown for one checkpoint after a clock jumped, in whichever direction', () => {
    for (const [serverJumpMs, clientJumpMs] of [
      [-3_600_000, 0],
      [3_600_000, 0],
      [0, 3_600_000],
    ] as const) {
      const clock = new FeedClock();
      clock.record(SERVER, 0);
      clock.record(SERVER + 1_000, 1_000);
      expect(clock.record(SERVER + 2_000 + serverJumpMs, 2_000 + clientJumpMs)).toBeUndefined();
      expect(clock.record(SERVER + 3_000 + serverJumpMs, 3_000 + clientJumpMs)).toBe(3_000 + clientJumpMs);
    }
  });

  it('is unknown while the feed’s time went back and stands still', () => {
    const clock = new FeedClock();
    clock.record(SERVER, 0);
    for (let ms = 500; ms < 5_000; ms += 500) expect(clock.record(0, ms)).toBeUndefined();
    expect(clock.record(SERVER + 5_000, 5_000)).toBe(5_000);
  });

  it('is known though the feed’s time goes back a little', () => {
    const clock = new FeedClock();
    clock.record(SERVER + 100, 100);
    expect(clock.record(SERVER + 90, 110)).toBeCloseTo(90, 0);
  });

  it('is the missed time where a stream resumes behind', () => {
    const clock = new FeedClock();
    clock.record(SERVER, 0);
    clock.startStream();
    expect(clock.record(SERVER + 100, 60_000)).toBe(100);
    expect(clock.record(SERVER + 60_010, 60_010)).toBeCloseTo(60_010, -2);
  });
});
