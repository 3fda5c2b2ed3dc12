import { describe, expect, it } from 'vitest';
import { BookingError } from '../errors.ts';
import { createReference, isCalendarDate, requireDates } from './booking.ts';

describe('isCalendarDate', () => {
  it.each(['2026-01-01', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'])('accepts %s', (text) => {
    expect(isCalendarDate(text)).toBe(true);
  });

  it.each([
    '2026-02-29',
    '1900-02-29',
    '2026-02-30',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-32',
    '0000-01-01',
    '2026-1-1',
    '+02026-01-01',
    '2026-01-01T00:00',
    '',
  ])('refuses "%s"', (text) => {
    expect(isCalendarDate(text)).toBe(false);
  });
});

describe('requireDates', () => {
  it('accepts a booking that ends on the day it starts', () => {
    expect(() => requireDates({ startDate: '2026-05-01', endDate: '2026-05-01' })).not.toThrow();
  });

  it('names the end date when it is before the start date', () => {
    const error = faultOf('2026-05-02', '2026-05-01');
    expect(error.reason).toBe('DATES_INVALID');
    expect(error.faults).toEqual({ end_date: 'must not be before start_date' });
    expect(error.metadata).toEqual({ start_date: '2026-05-02', end_date: '2026-05-01' });
  });

  it('names every date that does not exist', () => {
    expect(Object.keys(faultOf('2026-02-30', '2026-02-31').faults)).toEqual(['start_date', 'end_date']);
    expect(Object.keys(faultOf('2026-02-28', '2026-02-31').faults)).toEqual(['end_date']);
  });
});

function faultOf(startDate: string, endDate: string): BookingError {
  try {
    requireDates({ startDate, endDate });
  } catch (error) {
    if (error instanceof BookingError) return error;
    throw error;
  }
  throw new Error(`${startDate} to ${endDate} was taken`);
}

const many = Array.from({ length: 2000 }, createReference);

it('makes references of eight digits that cannot be mistaken for one another', () => {
  for (const reference of many) expect(reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
  // Each of the 32 digits is missing from 16,000 draws about once in 10^220 runs.
  expect(new Set(many.join('')).size).toBe(32);
});

it('does not repeat itself', () => {
  expect(new Set(many).size).toBe(many.length);
});
