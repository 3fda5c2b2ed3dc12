import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import { beforeEach, describe, expect, it } from 'vitest';
import { FeedPosition } from './feed-position.ts';

const SERVER = 1_700_000_000_000;
let nowMs: number;
let position: FeedPosition;

beforeEach(() => {
  nowMs = 10_000;
  position = new FeedPosition(() => nowMs);
});

/** A checkpoint that arrives now, and is true now by default. */
function reach(cursor: string, { lateMs = 0, hasChanges = false } = {}): boolean {
  return position.advance({ cursor, timeMs: SERVER + nowMs - lateMs, arrivedAtMs: nowMs, hasChanges });
}

describe('liveSinceMs', () => {
  it('is unknown before the first checkpoint, however long the stream is up', () => {
    position.startStream(['acme']);
    nowMs += 500;
    expect(position.liveSinceMs('acme')).toBeUndefined();
    expect(position.lagMs).toBeUndefined();
  });

  it('is half a second after the arrival of the first checkpoint, because answers may be from before it', () => {
    position.startStream(['acme']);
    nowMs += 500;
    expect(reach('1')).toBe(true);
    nowMs += 900;
    reach('2');
    expect(position.liveSinceMs('acme')).toBe(10_500 + MAX_ANSWER_LAG_MS);
    expect(position.liveSinceMs('other')).toBeUndefined();
  });

  it('ends 2 s after the last checkpoint, and returns unchanged with the next one', () => {
    position.startStream(['acme']);
    reach('1');
    nowMs += 2_000;
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
    nowMs += 1;
    expect(position.liveSinceMs('acme')).toBeUndefined();
    expect(position.lagMs).toBe(2_001);
    reach('1');
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });

  it('ends where the feed’s own time stands still', () => {
    position.startStream(['acme']);
    for (let i = 0; i <= 2; i += 1, nowMs += 1_000) reach('1', { lateMs: i * 1_000 });
    expect(position.liveSinceMs('acme')).toBeUndefined();
    expect(reach('1', { lateMs: 3_000 })).toBe(false);
    expect(reach('1')).toBe(true);
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });

  it.each([undefined, 0])('does not count a checkpoint whose time is %s', (timeMs) => {
    position.startStream(['acme']);
    expect(position.advance({ cursor: '1', timeMs, arrivedAtMs: nowMs, hasChanges: false })).toBe(false);
    expect(position.cursor).toBe('1');
    expect(position.liveSinceMs('acme')).toBeUndefined();
    nowMs += 500;
    expect(reach('2')).toBe(true);
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });
});

describe('a stream that resumes', () => {
  beforeEach(() => {
    position.startStream(['acme']);
    reach('1');
    nowMs += 60_000;
    position.startStream(['acme', 'other']);
  });

  it('does not count while it only repeats the cursor to resume at, whatever its time', () => {
    expect(reach('1')).toBe(false);
    expect(position.liveSinceMs('acme')).toBeUndefined();
  });

  it('does not count while it is behind', () => {
    reach('1');
    expect(reach('2', { lateMs: 30_000, hasChanges: true })).toBe(false);
    expect(position.liveSinceMs('acme')).toBeUndefined();
  });

  it('covers all since the beginning again, once it has caught up', () => {
    reach('1');
    reach('2', { lateMs: 30_000, hasChanges: true });
    expect(reach('3', { hasChanges: true })).toBe(true);
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });

  it('covers new tenants since the arrival of the cursor that it resumed at', () => {
    reach('1');
    reach('1');
    expect(position.liveSinceMs('other')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });
});

describe('a stream without a tenant', () => {
  it('ends its coverage, which begins again at the cursor where the tenant returns', () => {
    position.startStream(['acme', 'other']);
    reach('1');
    position.startStream(['acme']);
    expect(position.dropUnstreamed()).toEqual(['other']);
    expect(position.liveSinceMs('other')).toBeUndefined();
    nowMs += 500;
    reach('2', { hasChanges: true });
    position.startStream(['acme', 'other']);
    expect(position.dropUnstreamed()).toEqual([]);
    reach('3', { hasChanges: true });
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
    expect(position.liveSinceMs('other')).toBe(10_500 + MAX_ANSWER_LAG_MS);
  });
});

describe('a stream that was denied', () => {
  it('ends no coverage, because it moved the cursor past no change', () => {
    position.startStream(['acme', 'other']);
    reach('1');
    expect(position.dropUnstreamed()).toEqual([]);
    position.startStream(['acme']);
    position.startStream(['acme', 'other']);
    expect(position.dropUnstreamed()).toEqual([]);
    expect(position.liveSinceMs('other')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });
});

describe('a gap', () => {
  it('ends all coverage, which begins again at the next checkpoint', () => {
    position.startStream(['acme', 'other']);
    reach('1');
    expect(position.reset()).toEqual(['acme', 'other']);
    expect(position.cursor).toBe('');
    expect(position.liveSinceMs('acme')).toBeUndefined();
    nowMs += 10;
    position.startStream(['acme', 'other']);
    expect(reach('9')).toBe(true);
    expect(position.liveSinceMs('acme')).toBe(10_010 + MAX_ANSWER_LAG_MS);
    expect(position.reset()).toEqual(['acme', 'other']);
  });
});
