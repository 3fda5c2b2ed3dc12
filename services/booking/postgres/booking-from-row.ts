import type { Booking, BookingStatus, BookingView, ContactDetails } from '../bookings/booking.ts';

/** A row as the prepared statements answer it; contact details in the FULL view. */
export interface SelectedRow {
  tenant_id: string;
  id: string;
  reference: string;
  user_id: string | null;
  status: BookingStatus;
  start_date: string;
  end_date: string;
  amount_minor_units: string | null;
  amount_currency: string | null;
  title: string;
  create_time: Date;
  update_time: Date;
  contact_details: ContactDetails | null;
}

// Dates as text: as a Date they would begin to depend on time zones.
const BASIC_COLUMNS = `tenant_id, id, reference, user_id, status, start_date::text, end_date::text,
  amount_minor_units, amount_currency, title, create_time, update_time`;

/** What to select, and from where, for a view. */
export const SELECT_BY_VIEW: Readonly<Record<BookingView, string>> = {
  BASIC: `select ${BASIC_COLUMNS} from bookings`,
  FULL: `select ${BASIC_COLUMNS}, contact_details from bookings`,
};

/** A selected row as a booking of the domain. */
export function bookingFromRow(row: SelectedRow, view: BookingView): Booking {
  const booking = {
    tenantId: row.tenant_id,
    id: row.id,
    reference: row.reference,
    userId: row.user_id,
    status: row.status,
    startDate: row.start_date,
    endDate: row.end_date,
    amount: amountOf(row),
    title: row.title,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
  return view === 'FULL' ? { ...booking, contactDetails: row.contact_details } : booking;
}

function amountOf({ amount_minor_units, amount_currency }: SelectedRow): Booking['amount'] {
  if (amount_minor_units === null || amount_currency === null) return null;
  return { currencyCode: amount_currency, minorUnits: BigInt(amount_minor_units) };
}
