import { BookingStatus } from '@rollcall/contract/booking';
import { type Currency, toMinorUnits } from '../source/amount.ts';
import { isErrorValue, isSerialDate, textOf, wholeNumberOf } from '../source/cell.ts';
import { type Cells, type LeftOut, RowFault, type SourceKind } from '../source/source-kind.ts';

const DATE_COLUMNS = ['arrival_date_year', 'arrival_date_month', 'arrival_date_day_of_month'] as const;
const NIGHTS_COLUMNS = ['stays_in_weekend_nights', 'stays_in_week_nights'] as const;
export const STATUS_COLUMNS = ['is_canceled', 'reservation_status'] as const;
const REQUIRED = [
  'hotel',
  'reserved_room_type',
  ...DATE_COLUMNS,
  ...NIGHTS_COLUMNS,
  ...STATUS_COLUMNS,
  'adr',
  'name',
  'email',
  'phone-number',
] as const;
const OPTIONAL = ['country', 'agent', 'company'] as const;

type StayColumn = (typeof DATE_COLUMNS)[number] | (typeof NIGHTS_COLUMNS)[number];
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/**
 * Hotel bookings with the columns of the public data set "Hotel booking demand", and name, e-mail and phone.
 *
 * `credit_card` is left out on purpose: Rollcall has no use for cards, and a column that is not read cannot
 * leak.
 */
export const hotelBookings: SourceKind<Column> = {
  doc: 'hotel bookings, in the columns of the data set "Hotel booking demand" with name, email and phone-number',
  required: REQUIRED,
  optional: OPTIONAL,
  personColumns: { name: 'name', email: 'email', phone: 'phone-number' },
  read(row, currency) {
    const { cells, leftOut } = withoutErrorValues(row);
    const { nights, ...dates } = readStay(cells);
    return {
      booking: {
        ...dates,
        status: readStatus(cells),
        title: readTitle(cells),
        ...readAmount(cells, nights, currency),
        contactDetails: readContactDetails(cells),
      },
      person: { name: given(cells.name), email: given(cells.email), phone: given(cells['phone-number']) },
      ...(leftOut.length > 0 && { leftOut }),
    };
  },
};

// Only contact details hold these. All other columns are fields of the booking.
const DETAIL_COLUMNS: readonly Column[] = ['name', 'email', 'phone-number', ...OPTIONAL];
const ERROR_VALUE = 'is an error value of a spreadsheet: correct or empty the cell';

/** Empties error values of a spreadsheet. @throws RowFault when a required column has one */
function withoutErrorValues(row: Cells<Column>): { cells: Cells<Column>; leftOut: LeftOut[] } {
  const columns = [...REQUIRED, ...OPTIONAL].filter((column) => isErrorValue(row[column]));
  const needed = columns.find((column) => !DETAIL_COLUMNS.includes(column));
  if (needed) throw new RowFault(`${needed} ${ERROR_VALUE}`);
  const emptied = Object.fromEntries(columns.map((column) => [column, '']));
  return {
    cells: { ...row, ...emptied },
    leftOut: columns.map((from) => ({ from, reason: ERROR_VALUE })),
  };
}

function readTitle(cells: Cells<Column>): string {
  const hotel = given(cells.hotel);
  const room = given(cells.reserved_room_type);
  if (!hotel) throw new RowFault('hotel is empty');
  return room ? `${hotel}, room ${room}` : hotel;
}

/** `adr`, the average daily rate, is a price per night. */
function readAmount(cells: Cells<Column>, nights: number, currency: Currency) {
  const rate = given(cells.adr);
  if (!rate) return {};
  const minorUnits = toMinorUnits(rate, nights, currency);
  if (minorUnits === undefined) throw new RowFault('adr is not a decimal number such as 107.42');
  return { amount: { currencyCode: currency.code, minorUnits } };
}

/** Keeps the guest's details as the file has them, also unusable addresses and numbers. */
function readContactDetails(cells: Cells<Column>): Record<string, string> {
  const details = {
    name: cells.name,
    email: cells.email,
    phone: cells['phone-number'],
    country: cells.country,
    agent: cells.agent,
    company: cells.company,
  };
  return Object.fromEntries(Object.entries(details).filter(([, text]) => given(text)));
}

/** Text of a cell. The data set writes NULL for no value. */
function given(text: string): string {
  const said = textOf(text);
  return said === 'NULL' ? '' : said;
}

const SERIAL_DATE =
  'is the serial number by which a spreadsheet keeps a date: write year, month and day into their columns';

interface Stay {
  /** YYYY-MM-DD. */
  readonly startDate: string;
  /** Day of departure, YYYY-MM-DD. Equals `startDate` for a stay without a night. */
  readonly endDate: string;
  readonly nights: number;
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const DAY_MS = 86_400_000;

/** Reads arrival and nights. @throws RowFault when a date or a number is not valid */
function readStay(cells: Cells<StayColumn>): Stay {
  const start = readArrival(cells);
  const nights = readNights(cells, 'stays_in_weekend_nights') + readNights(cells, 'stays_in_week_nights');
  return { startDate: toDate(start), endDate: toDate(start + nights * DAY_MS), nights };
}

function readArrival(cells: Cells<StayColumn>): number {
  const serial = DATE_COLUMNS.find((column) => isSerialDate(cells[column]));
  if (serial) throw new RowFault(`${serial} ${SERIAL_DATE}`);
  const year = /^[12]\d{3}$/.exec(wholeNumberOf(cells.arrival_date_year));
  if (!year) throw new RowFault('arrival_date_year is not a year of four digits');
  const month = MONTHS.indexOf(textOf(cells.arrival_date_month).toLowerCase());
  if (month < 0) throw new RowFault('arrival_date_month is not the English name of a month');
  const day = /^\d{1,2}$/.exec(wholeNumberOf(cells.arrival_date_day_of_month));
  if (!day) throw new RowFault('arrival_date_day_of_month is not a day of one or two digits');
  const time = Date.UTC(Number(year[0]), month, Number(day[0]));
  // Date rolls over: 31 June becomes 1 July.
  if (new Date(time).getUTCDate() === Number(day[0])) return time;
  throw new RowFault('arrival_date_day_of_month is not a day of that month');
}

function readNights(cells: Cells<StayColumn>, column: (typeof NIGHTS_COLUMNS)[number]): number {
  const text = wholeNumberOf(cells[column]);
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new RowFault(`${column} is not a number of nights from 0 to 999`);
}

function toDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

// The data set marks a no-show as cancelled (`is_canceled` is 1), and so does the booking.
const STATUSES: ReadonlyMap<string, { status: BookingStatus; isCanceled: string }> = new Map(
  Object.entries<{ status: BookingStatus; isCanceled: string }>({
    'check-out': { status: BookingStatus.COMPLETED, isCanceled: '0' },
    canceled: { status: BookingStatus.CANCELLED, isCanceled: '1' },
    'no-show': { status: BookingStatus.CANCELLED, isCanceled: '1' },
  }),
);

/** Reads the status. @throws RowFault when the columns have no status or contradict each other */
export function readStatus(cells: Cells<(typeof STATUS_COLUMNS)[number]>): BookingStatus {
  const known = STATUSES.get(textOf(cells.reservation_status).toLowerCase());
  if (!known) throw new RowFault('reservation_status is none of Check-Out, Canceled, No-Show');
  if (wholeNumberOf(cells.is_canceled) === known.isCanceled) return known.status;
  throw new RowFault('is_canceled and reservation_status contradict each other');
}
