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
export interface Received {
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
export interface Payment extends Received {
  /** What came in in other currencies, one entry a currency, by its code. */
  readonly others: readonly Received[];
  /** Grows with each telling. */
  readonly revision: bigint;
}

/** What every view shows of a booking, and a caller may choose. */
export interface BookingTerms {
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
