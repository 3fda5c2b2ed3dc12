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

/** A checkpoint that comes now; by default true now, too. */
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

  it('is half a second behind the arrival of the first checkpoint, for answers to earlier reads may be from before it', () => {
    position.startStream(['acme']);
    nowMs += 500;
    expect(reach('1')).toBe(true);
    nowMs += 900;
    reach('2');
    expect(position.liveSinceMs('acme')).toBe(10_500 + MAX_ANSWER_LAG_MS);
    expect(position.liveSinceMs('other')).toBeUndefined();
  });

  it('ends 2 s after the last checkpoint and returns with the next, since when it was', () => {
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

  it('is not believed while it only repeats where it resumes, whatever time that bears', () => {
    expect(reach('1')).toBe(false);
    expect(position.liveSinceMs('acme')).toBeUndefined();
  });

  it('is not believed while it is behind', () => {
    reach('1');
    expect(reach('2', { lateMs: 30_000, hasChanges: true })).toBe(false);
    expect(position.liveSinceMs('acme')).toBeUndefined();
  });

  it('covers again all since the beginning, once it has caught up', () => {
    reach('1');
    reach('2', { lateMs: 30_000, hasChanges: true });
    expect(reach('3', { hasChanges: true })).toBe(true);
    expect(position.liveSinceMs('acme')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });

  it('covers tenants that are new in it since the place it resumed at was reached', () => {
    reach('1');
    reach('1');
    expect(position.liveSinceMs('other')).toBe(10_000 + MAX_ANSWER_LAG_MS);
  });
});

describe('a stream that leaves a tenant out', () => {
  it('ends its coverage, which begins anew at the place where it comes in again', () => {
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
  it('leaves nobody out, as it passed no change by', () => {
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
  it('ends all coverage, and begins anew at the next checkpoint', () => {
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
