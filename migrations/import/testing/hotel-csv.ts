import type { hotelBookings } from '../hotel-bookings/hotel-bookings.ts';
import type { Cells } from '../source/source-kind.ts';

type Column = (typeof hotelBookings.required)[number];

const ROW: Cells<Column> = {
  hotel: 'City Hotel',
  reserved_room_type: 'A',
  arrival_date_year: '2015',
  arrival_date_month: 'July',
  arrival_date_day_of_month: '1',
  stays_in_weekend_nights: '0',
  stays_in_week_nights: '2',
  is_canceled: '0',
  reservation_status: 'Check-Out',
  adr: '80.5',
  name: 'Ada King',
  email: 'ada.king@example.com',
  'phone-number': '555-0100',
  country: 'GBR',
  agent: '',
  company: '',
};

/** What is in the card column of every row that `toHotelCsv` writes: it must turn up nowhere. */
export const CARD = '************7777';

/** The cells of a good row, with changes. */
export function hotelCells(changes: Partial<Cells<Column>> = {}): Cells<Column> {
  return { ...ROW, ...changes };
}

/** A file as the data set has it: `;`, a header, CRLF, a card column. A text stands for itself, as a line. */
export function toHotelCsv(rows: readonly (Partial<Cells<Column>> | string)[]): string {
  const lines = rows.map((row) =>
    typeof row === 'string' ? row : [...Object.values(hotelCells(row)), CARD].join(';'),
  );
  return [[...Object.keys(ROW), 'credit_card'].join(';'), ...lines, ''].join('\r\n');
}
