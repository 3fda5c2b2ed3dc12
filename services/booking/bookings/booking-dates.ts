import { BookingError } from '../errors.ts';

/** Throws BookingError DATES_INVALID where a date is on no calendar, or the booking would end before it starts. */
export function requireDates({ startDate, endDate }: { startDate: string; endDate: string }): void {
  const faults = {
    ...(!isCalendarDate(startDate) && { start_date: NO_SUCH_DAY }),
    ...(!isCalendarDate(endDate) && { end_date: NO_SUCH_DAY }),
  };
  // Of one form and length, so they compare as text.
  if (Object.keys(faults).length === 0 && endDate < startDate) {
    Object.assign(faults, { end_date: 'must not be before start_date' });
  }
  const told = Object.entries(faults).map(([field, fault]) => `${field} ${fault}`);
  if (told.length === 0) return;
  throw new BookingError('DATES_INVALID', `A booking from ${startDate} to ${endDate}: ${told.join('; ')}.`, {
    metadata: { start_date: startDate, end_date: endDate },
    faults,
  });
}

/** Whether a text is a day of the Gregorian calendar as YYYY-MM-DD, from the year 1, which is where Postgres begins. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // The 30th of February is read as the 1st or 2nd of March, and told by that.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

const NO_SUCH_DAY = 'must be a day that exists, as YYYY-MM-DD';
