import { describe, expect, it } from 'vitest';
import { sourceThrottleKey } from './throttle.ts';

describe('sourceThrottleKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('turns %s into %s', (source, key) => {
    expect(sourceThrottleKey(source)).toBe(key);
  });
});
