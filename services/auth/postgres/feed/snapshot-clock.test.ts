import { describe, expect, it } from 'vitest';
import { createSnapshotClock } from './snapshot-clock.ts';

const at = (second: number) => new Date(second * 1000);

describe('createSnapshotClock', () => {
  it('knows nothing before the first look', () => {
    expect(createSnapshotClock().completeUntil(10n)).toEqual(new Date(0));
  });

  it('goes on with each look while no later transaction ends behind one that is still at work', () => {
    const clock = createSnapshotClock();
    clock.record({ at: at(1), xmax: 10n });
    expect(clock.completeUntil(10n)).toEqual(at(1));
    clock.record({ at: at(2), xmax: 10n });
    expect(clock.completeUntil(10n)).toEqual(at(2));
  });

  it('stays where it was once one has, until the one at work ends', () => {
    const clock = createSnapshotClock();
    clock.record({ at: at(1), xmax: 10n });
    clock.record({ at: at(2), xmax: 12n });
    clock.record({ at: at(3), xmax: 15n });
    expect(clock.completeUntil(10n)).toEqual(at(1));
    expect(clock.completeUntil(12n)).toEqual(at(2));
    expect(clock.completeUntil(15n)).toEqual(at(3));
  });
});
