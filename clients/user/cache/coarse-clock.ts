import type { Clock } from '../model/user-reader.ts';

/** Most answers of one look at the clock. */
const MAX_USES = 256;

/**
 * A clock that is looked at once a millisecond, not at every hit: looking costs as much as the hit. It may be behind by a
 * millisecond, or by as long as the process did not get to its timers, though by no more than 256 questions.
 */
export function createCoarseClock(clock: Clock): Clock {
  let nowMs = 0;
  let usesLeft = 0;
  let isTimed = false;
  const expire = () => {
    usesLeft = 0;
    isTimed = false;
  };
  function look(): number {
    nowMs = clock();
    usesLeft = MAX_USES;
    if (!isTimed) setTimeout(expire, 1).unref();
    isTimed = true;
    return nowMs;
  }
  return () => {
    if (usesLeft === 0) return look();
    usesLeft -= 1;
    return nowMs;
  };
}
