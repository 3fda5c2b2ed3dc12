import type { User } from '@rollcall/user-client';
import type { Money } from '../money.ts';

/** How an invoice stands. */
export type InvoiceState = 'OPEN' | 'PAID' | 'VOID' | 'UNCOLLECTIBLE';

/** One line of an invoice. */
export interface InvoiceLine {
  readonly description: string;
  /** Less than 0: taken off. */
  readonly amount: Money;
  /** Null: none. */
  readonly bookingId: string | null;
}

/** What a user was called when an invoice was issued. */
export interface FrozenProfile {
  readonly displayName: string;
  /** May be empty, as may be all that follow. */
  readonly businessName: string;
  readonly email: string;
  readonly phone: string;
  readonly addressLines: readonly string[];
  /** The version of the user that this is. */
  readonly userVersion: bigint;
}

/** An invoice before it has a number. */
export interface InvoiceDraft {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly userId: string;
  readonly profile: FrozenProfile;
  readonly lines: readonly InvoiceLine[];
  /** The sum of the lines. */
  readonly total: Money;
}

/** A bill, with what the user was called when it was issued. */
export interface Invoice extends InvoiceDraft {
  /** "2026-000042": the year of `issueTime` in UTC, and the place in it. */
  readonly number: string;
  readonly state: InvoiceState;
  /** The payment that settled it; null: none. */
  readonly paymentId: string | null;
  /** "in_…"; null: it was issued here. */
  readonly stripeInvoiceId: string | null;
  readonly issueTime: Date;
  readonly updateTime: Date;
}

/** The number of an invoice as people write it. */
export function invoiceNumber(year: number, place: number): string {
  return `${year}-${String(place).padStart(6, '0')}`;
}

/** What an invoice keeps of a user. */
export function profileFromUser(user: User): FrozenProfile {
  const { displayName, businessName, email, phone, version } = user;
  return { displayName, businessName, email, phone, addressLines: addressLines(user), userVersion: version };
}

// As on a letter in most countries, and without a guess where a country has it otherwise: what is missing leaves no gap.
function addressLines({ profile }: User): string[] {
  const address = profile?.address;
  if (!address) return [];
  const { lines, locality, administrativeArea, postalCode, regionCode } = address;
  const town = [postalCode, locality].filter(Boolean).join(' ');
  return [...lines, town, administrativeArea, regionCode].filter(Boolean);
}
