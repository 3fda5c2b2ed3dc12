import type { Booking, BookingStatus, BookingView, ContactDetails } from '../bookings/booking.ts';

/** Money in another currency. Whole numbers are text, which JSON holds without loss. */
export interface OtherPaymentColumn {
  readonly currencyCode: string;
  readonly paid: string;
  readonly refunded: string;
}

/** A row as the prepared statements return it; contact details in the FULL view only. */
export interface SelectedRow {
  tenant_id: string;
  id: string;
  reference: string;
  user_id: string | null;
  vendor_id: string | null;
  pet_ids: string[];
  status: BookingStatus;
  start_date: string;
  end_date: string;
  amount_minor_units: string | null;
  amount_currency: string | null;
  title: string;
  paid_minor_units: string | null;
  refunded_minor_units: string | null;
  payment_currency: string | null;
  payment_revision: string | null;
  other_payments: OtherPaymentColumn[] | null;
  create_time: Date;
  update_time: Date;
  contact_details: ContactDetails | null;
}

// Dates as text, because a `Date` depends on the time zone.
const BASIC_COLUMNS = `b.tenant_id, b.id, b.reference, b.user_id, b.vendor_id, b.pet_ids, b.status, b.start_date::text,
  b.end_date::text, b.amount_minor_units, b.amount_currency, b.title, b.paid_minor_units, b.refunded_minor_units,
  b.payment_currency, b.payment_revision, b.other_payments, b.create_time, b.update_time`;

/** The columns of `bookings b` by view. */
export const COLUMNS_BY_VIEW: Readonly<Record<BookingView, string>> = {
  BASIC: BASIC_COLUMNS,
  FULL: `${BASIC_COLUMNS}, b.contact_details`,
};

export function bookingFromRow(row: SelectedRow, view: BookingView): Booking {
  const booking = {
    tenantId: row.tenant_id,
    id: row.id,
    reference: row.reference,
    userId: row.user_id,
    vendorId: row.vendor_id,
    petIds: row.pet_ids,
    status: row.status,
    startDate: row.start_date,
    endDate: row.end_date,
    amount: amountOf(row),
    title: row.title,
    payment: paymentOf(row),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
  return view === 'FULL' ? { ...booking, contactDetails: row.contact_details } : booking;
}

function amountOf({ amount_minor_units, amount_currency }: SelectedRow): Booking['amount'] {
  if (amount_minor_units === null || amount_currency === null) return null;
  return { currencyCode: amount_currency, minorUnits: BigInt(amount_minor_units) };
}

// The payment columns are all null or all set.
function paymentOf(row: SelectedRow): Booking['payment'] {
  const { paid_minor_units, refunded_minor_units, payment_currency, payment_revision } = row;
  if (paid_minor_units === null || refunded_minor_units === null) return null;
  if (payment_currency === null || payment_revision === null) return null;
  return {
    currencyCode: payment_currency,
    paid: BigInt(paid_minor_units),
    refunded: BigInt(refunded_minor_units),
    revision: BigInt(payment_revision),
    others: (row.other_payments ?? []).map((each) => ({
      currencyCode: each.currencyCode,
      paid: BigInt(each.paid),
      refunded: BigInt(each.refunded),
    })),
  };
}
