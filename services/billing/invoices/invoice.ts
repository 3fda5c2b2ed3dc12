import type { User } from '@rollcall/user-client';
import type { Money } from '../money.ts';

/** The state of an invoice. */
export type InvoiceState = 'OPEN' | 'PAID' | 'VOID' | 'UNCOLLECTIBLE';

export interface InvoiceLine {
  readonly description: string;
  /** A negative amount is a deduction. */
  readonly amount: Money;
  /** Null: the line is for no booking. */
  readonly bookingId: string | null;
}

/** The user's contact data at the time when an invoice was issued. */
export interface FrozenProfile {
  readonly displayName: string;
  /** This and the following texts may be empty. */
  readonly businessName: string;
  readonly email: string;
  readonly phone: string;
  readonly addressLines: readonly string[];
  /** The version of the user that was read. */
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

/** An issued invoice, with the contact data of the user at that time. */
export interface Invoice extends InvoiceDraft {
  /** "2026-000042": the year of `issueTime` in UTC, and the place in that year. */
  readonly number: string;
  readonly state: InvoiceState;
  /** The payment of the invoice. Null: it is not paid by one. */
  readonly paymentId: string | null;
  /** "in_…". Null: the invoice was issued here. */
  readonly stripeInvoiceId: string | null;
  readonly issueTime: Date;
  readonly updateTime: Date;
}

/** Formats the number of an invoice. */
export function invoiceNumber(year: number, place: number): string {
  return `${year}-${String(place).padStart(6, '0')}`;
}

/** Copies the contact data of a user that an invoice stores. */
export function profileFromUser(user: User): FrozenProfile {
  const { displayName, businessName, email, phone, version } = user;
  return { displayName, businessName, email, phone, addressLines: addressLines(user), userVersion: version };
}

// The order of lines is that of most countries. An empty part leaves no gap.
function addressLines({ profile }: User): string[] {
  const address = profile?.address;
  if (!address) return [];
  const { lines, locality, administrativeArea, postalCode, regionCode } = address;
  const town = [postalCode, locality].filter(Boolean).join(' ');
  return [...lines, town, administrativeArea, regionCode].filter(Boolean);
}
