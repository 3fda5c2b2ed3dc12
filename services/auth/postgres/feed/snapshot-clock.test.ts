import { describe, expect, it } from 'vitest';
import { createSnapshotClock } from './snapshot-clock.ts';

const at = (second: number) => new Date(second * 1000);

describe('createSnapshotClock', () => {
  it('knows nothing before the first observation', () => {
    expect(createSnapshotClock().completeUntil(10n)).toEqual(new Date(0));
  });

  it('advances with each observation while no later transaction ends before an earlier open one', () => {
    const clock = createSnapshotClock();
    clock.record({ at: at(1), xmax: 10n });
    expect(clock.completeUntil(10n)).toEqual(at(1));
    clock.record({ at: at(2), xmax: 10n });
    expect(clock.completeUntil(10n)).toEqual(at(2));
  });

  it('stops once a later transaction has ended, until the earlier one ends', () => {
    const clock = createSnapshotClock();
    clock.record({ at: at(1), xmax: 10n });
    clock.record({ at: at(2), xmax: 12n });
    clock.record({ at: at(3), xmax: 15n });
    expect(clock.completeUntil(10n)).toEqual(at(1));
    expect(clock.completeUntil(12n)).toEqual(at(2));
    expect(clock.completeUntil(15n)).toEqual(at(3));
  });
});
