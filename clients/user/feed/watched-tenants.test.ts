import { Code, ConnectError } from '@connectrpc/connect';
import { RetryInfoSchema } from '@rollcall/contract';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/map-user-service.ts';
import {
  BREAK_BACKOFF,
  backoffMs,
  classifyStreamEnd,
  REFUSED_BACKOFF,
  requestedPauseMs,
} from './watch-stream.ts';
import { MAX_WATCHED_TENANTS, WatchedTenants } from './watched-tenants.ts';

function rosterOf(...tenantIds: string[]): WatchedTenants {
  const roster = new WatchedTenants(() => 1);
  for (const tenantId of tenantIds) roster.add(tenantId);
  return roster;
}

describe('watched tenants', () => {
  it('have room for as many tenants as one stream takes', () => {
    const roster = rosterOf(...Array.from({ length: MAX_WATCHED_TENANTS }, (_, i) => `t${i}`));
    expect(roster.add('one-more')).toBe(false);
    expect(roster.has('one-more')).toBe(false);
    expect(roster.next(0)).toHaveLength(MAX_WATCHED_TENANTS);
  });

  it('name more tenants only until they are watched', () => {
    const roster = rosterOf('a');
    roster.next(0);
    expect(roster.hasMore(0)).toBe(true);
    roster.accepted();
    expect(roster.hasMore(0)).toBe(false);
    roster.add('b');
    expect(roster.hasMore(0)).toBe(true);
    expect(roster.next(0)).toEqual(['a', 'b']);
  });

  it('go on without a new one that is denied, and try it again seldom', () => {
    const roster = rosterOf('a');
    roster.next(0);
    roster.accepted();
    roster.add('forbidden');
    roster.next(0);
    expect(roster.deny(0)).toBe(true);
    expect(roster.next(0)).toEqual(['a']);
    roster.accepted();
    expect(roster.deniedCount).toBe(1);
    expect(roster.hasMore(REFUSED_BACKOFF.maxMs - 1)).toBe(false);
    expect(roster.next(REFUSED_BACKOFF.maxMs)).toEqual(['a', 'forbidden']);
  });

  it.each(['t0', 't19'])(
    'find out that %s lost its grant, and soon watch some without it, then all others',
    (lost) => {
      const all = Array.from({ length: 20 }, (_, i) => `t${i}`);
      const roster = rosterOf(...all);
      roster.next(0);
      roster.accepted();
      const streams: { size: number; goesOn: boolean }[] = [];
      for (let i = 0, nowMs = 0; i < 30; i += 1, nowMs += REFUSED_BACKOFF.maxMs / 40) {
        const tenantIds = roster.next(nowMs);
        const goesOn = !tenantIds.includes(lost) || roster.deny(nowMs);
        if (!tenantIds.includes(lost)) roster.accepted();
        streams.push({ size: tenantIds.length, goesOn });
      }
      const first = streams.findIndex(({ goesOn }) => goesOn);
      expect(first).toBeLessThanOrEqual(2);
      expect(streams[first]?.size).toBeGreaterThanOrEqual(5);
      expect(streams.slice(first).every(({ goesOn }) => goesOn)).toBe(true);
      expect(streams.at(-1)?.size).toBe(19);
      expect(roster.deniedCount).toBe(1);
    },
  );

  it('know at once which one lost its grant where it is the only one', () => {
    const roster = rosterOf('a');
    roster.next(0);
    roster.accepted();
    roster.next(0);
    expect(roster.deny(0)).toBe(false);
    expect(roster.deniedCount).toBe(1);
    expect(roster.next(0)).toEqual([]);
    expect(roster.next(REFUSED_BACKOFF.maxMs)).toEqual(['a']);
  });

  it('find the denied tenants, and watch all others', () => {
    const all = Array.from({ length: 20 }, (_, i) => `t${i}`);
    const forbidden = new Set(['t3', 't4', 't17']);
    const roster = rosterOf(...all);
    let watched: string[] = [];
    for (let i = 0, nowMs = 0; i < 100; i += 1, nowMs += REFUSED_BACKOFF.maxMs / 100) {
      watched = roster.next(nowMs);
      if (watched.some((tenantId) => forbidden.has(tenantId))) roster.deny(nowMs);
      else roster.accepted();
      if (roster.deniedCount === forbidden.size && watched.length === all.length - forbidden.size) break;
    }
    expect(watched.sort()).toEqual(all.filter((tenantId) => !forbidden.has(tenantId)).sort());
  });
});

describe('retrying', () => {
  it('starts at once, then pauses for a time that grows to a limit, half of it random', () => {
    expect(backoffMs(0, () => 1, BREAK_BACKOFF)).toBe(0);
    expect(backoffMs(1, () => 0, BREAK_BACKOFF)).toBe(50);
    expect(backoffMs(1, () => 1, BREAK_BACKOFF)).toBe(100);
    expect(backoffMs(4, () => 1, BREAK_BACKOFF)).toBe(800);
    expect(backoffMs(1e9, () => 1, BREAK_BACKOFF)).toBe(2_000);
  });

  it('tells a break from a lost cursor, a denial and a refusal', () => {
    const end = (code: Code, hadCursor = true) => classifyStreamEnd(new ConnectError('x', code), hadCursor);
    expect(classifyStreamEnd(refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'old'), true)).toBe('lost');
    expect(end(Code.InvalidArgument)).toBe('lost');
    expect(end(Code.InvalidArgument, false)).toBe('refused');
    expect(end(Code.OutOfRange, false)).toBe('refused');
    expect(end(Code.Unimplemented)).toBe('refused');
    expect(end(Code.PermissionDenied)).toBe('denied');
    for (const code of [Code.Unavailable, Code.Internal, Code.Canceled, Code.ResourceExhausted])
      expect(end(code)).toBe('broken');
    expect(classifyStreamEnd(new Error('of the sink'), true)).toBe('broken');
  });

  it('waits as long as the service asks, at most a minute', () => {
    const after = (seconds: bigint) => {
      const error = refusal(Code.ResourceExhausted, 'RATE_LIMITED', 'slowly');
      error.details.push({ desc: RetryInfoSchema, value: { retryDelay: { seconds, nanos: 5e6 } } });
      return error;
    };
    expect(requestedPauseMs(after(3n))).toBe(3_005);
    expect(requestedPauseMs(after(3_000n))).toBe(60_000);
    expect(requestedPauseMs(refusal(Code.Unavailable, 'DRAINING', 'bye'))).toBe(0);
    expect(requestedPauseMs(new Error())).toBe(0);
  });
});
