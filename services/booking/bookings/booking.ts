import { randomBytes } from 'node:crypto';
import { BookingError } from '../errors.ts';

/** The status of a booking. */
export type BookingStatus = 'PENDING' | 'PAID' | 'COMPLETED' | 'ATTENDED' | 'CANCELLED' | 'REFUNDED';

/** FULL adds the contact details. */
export type BookingView = 'BASIC' | 'FULL';

/** The contact data of a booking's source, in any shape. Evidence only: never matched against users. */
export type ContactDetails = Readonly<Record<string, unknown>>;

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** Money received in one currency, in minor units. */
export interface ReceivedMoney {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly paid: bigint;
  /** The refunded part of `paid`. */
  readonly refunded: bigint;
}

/**
 * All payments of a booking, as the billing service reported them last. The main currency is that of the
 * amount or, when nothing was paid in it, that of the first payment.
 */
export interface Payment extends ReceivedMoney {
  /** Money in other currencies, one entry a currency, sorted by code. */
  readonly others: readonly ReceivedMoney[];
  /** Grows with each report. */
  readonly revision: bigint;
}

/** The fields that a caller sets and every view shows. */
interface BookingTerms {
  /** A lower-case UUID of the user service. Null: no known user. */
  readonly userId: string | null;
  /** The vendor's user: a lower-case UUID of the user service. Null: no vendor. */
  readonly vendorId: string | null;
  /** Distinct, in lower case. */
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

/** A booking to create. */
export interface NewBooking extends BookingTerms {
  /** Empty: the service chooses one. */
  readonly reference: string;
  /** Null: not given. */
  readonly contactDetails: ContactDetails | null;
}

/** A booking with the fields of its view. */
export interface Booking extends BookingTerms {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Unique in the tenant. */
  readonly reference: string;
  /** FULL view only. Null: not given. */
  readonly contactDetails?: ContactDetails | null;
  /** Null: none was reported. */
  readonly payment: Payment | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/**
 * Requires two days of the calendar in order.
 * @throws BookingError DATES_INVALID
 */
export function requireDates({ startDate, endDate }: { startDate: string; endDate: string }): void {
  const faults = {
    ...(!isCalendarDate(startDate) && { start_date: NO_SUCH_DAY }),
    ...(!isCalendarDate(endDate) && { end_date: NO_SUCH_DAY }),
  };
  // Both are YYYY-MM-DD, so they compare as text.
  if (Object.keys(faults).length === 0 && endDate < startDate) {
    Object.assign(faults, { end_date: 'must not be before start_date' });
  }
  const texts = Object.entries(faults).map(([field, fault]) => `${field} ${fault}`);
  if (texts.length === 0) return;
  throw new BookingError('DATES_INVALID', `A booking from ${startDate} to ${endDate}: ${texts.join('; ')}.`, {
    metadata: { start_date: startDate, end_date: endDate },
    faults,
  });
}

/**
 * Whether a text is a day of the Gregorian calendar as YYYY-MM-DD, from the year 1, where Postgres begins.
 */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // `Date` reads the 30th of February as a day in March, which then differs from the text.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

const NO_SUCH_DAY = 'must be a day that exists, as YYYY-MM-DD';

// Crockford's base 32 has no I, L, O or U: https://www.crockford.com/base32.html
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const LENGTH = 8;

/**
 * Returns a random reference that can be read out on the phone: "7K2M90XA", one of 32^8. A random one does
 * not reveal the number of bookings.
 */
export function createReference(): string {
  return Array.from(randomBytes(LENGTH), (byte) => DIGITS[byte % DIGITS.length]).join('');
}
