import { expect, it } from 'vitest';
import { createReference } from './booking-reference.ts';

const many = Array.from({ length: 2000 }, createReference);

it('makes references of eight digits of which none is mistaken for another', () => {
  for (const reference of many) expect(reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
  // Each of the 32 digits is missing from 16,000 draws about once in 10^220 runs.
  expect(new Set(many.join('')).size).toBe(32);
});

it('does not repeat itself', () => {
  expect(new Set(many).size).toBe(many.length);
});
