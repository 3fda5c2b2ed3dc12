import type { Clock } from '../model/user-reader.ts';

/** Most answers between two readings of the clock. */
const MAX_USES = 256;

/**
 * A clock that reads the real one once a millisecond: reading it costs as much as a hit. It may be behind by
 * a millisecond, or by as long as the process did not run its timers, but by at most 256 answers.
 */
export function createCoarseClock(clock: Clock): Clock {
  let nowMs = 0;
  let usesLeft = 0;
  let isTimed = false;
  const expire = () => {
    usesLeft = 0;
    isTimed = false;
  };
  function readClock(): number {
    nowMs = clock();
    usesLeft = MAX_USES;
    if (!isTimed) setTimeout(expire, 1).unref();
    isTimed = true;
    return nowMs;
  }
  return () => {
    if (usesLeft === 0) return readClock();
    usesLeft -= 1;
    return nowMs;
  };
}
