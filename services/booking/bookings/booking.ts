import { randomBytes } from 'node:crypto';
import { BookingError } from '../errors.ts';

/** How far a booking is. */
export type BookingStatus = 'PENDING' | 'PAID' | 'COMPLETED' | 'ATTENDED' | 'CANCELLED' | 'REFUNDED';

/** How much of a booking is wanted: FULL adds the contact details. */
export type BookingView = 'BASIC' | 'FULL';

/** What a booking was made with, in whatever shape its source had. Evidence: never matched against users. */
export type ContactDetails = Readonly<Record<string, unknown>>;

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** What came in in one currency, in minor units. */
export interface ReceivedMoney {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly paid: bigint;
  /** Of what was paid. */
  readonly refunded: bigint;
}

/**
 * The money of a booking as the billing service told it last, all payments together: in the currency of its amount where any
 * came in in it, else in that of the first payment.
 */
export interface Payment extends ReceivedMoney {
  /** What came in in other currencies, one entry a currency, by its code. */
  readonly others: readonly ReceivedMoney[];
  /** Grows with each telling. */
  readonly revision: bigint;
}

/** What every view shows of a booking, and a caller may choose. */
interface BookingTerms {
  /** A lower-case UUID of the user service; null: nobody who is known there. */
  readonly userId: string | null;
  /** The vendor's user, likewise. */
  readonly vendorId: string | null;
  /** Each once, in lower case. */
  readonly petIds: readonly string[];
  readonly status: BookingStatus;
  /** YYYY-MM-DD. */
  readonly startDate: string;
  /** YYYY-MM-DD, not before `startDate`. */
  readonly endDate: string;
  /** Null: not known. */
  readonly amount: Money | null;
  readonly title: string;
}

/** A booking to make. */
export interface NewBooking extends BookingTerms {
  /** Empty: the service chooses one. */
  readonly reference: string;
  /** Null: none were given. */
  readonly contactDetails: ContactDetails | null;
}

/** A booking as far as it was read. */
export interface Booking extends BookingTerms {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Unique in the tenant. */
  readonly reference: string;
  /** FULL view; null: there are none. */
  readonly contactDetails?: ContactDetails | null;
  /** Null: nothing was told. */
  readonly payment: Payment | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

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

// Crockford's base 32 has no I, L, O or U: https://www.crockford.com/base32.html
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const LENGTH = 8;

/** A random reference that can be read out on the phone: "7K2M90XA", one of 32^8. Says nothing about how many there are. */
export function createReference(): string {
  return Array.from(randomBytes(LENGTH), (byte) => DIGITS[byte % DIGITS.length]).join('');
}
