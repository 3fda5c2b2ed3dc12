import { describe, expect, it } from 'vitest';
import { sizeSettings } from './size-settings.ts';

const GB = 2 ** 30;

describe('the settings of the embedded Postgres', () => {
  it.each([
    [GB / 2, '128MB'],
    [3.9 * GB, '249MB'],
    [8 * GB, '512MB'],
    [512 * GB, '512MB'],
  ])('give it a share of the memory, within bounds: of %d bytes %s', (memoryBytes, expected) => {
    expect(sizeSettings(memoryBytes).shared_buffers).toBe(expected);
  });
});
