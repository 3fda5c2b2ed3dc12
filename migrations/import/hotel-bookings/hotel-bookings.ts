import { toMinorUnits } from '../source/amount.ts';
import { isErrorValue, textOf } from '../source/cell.ts';
import type { Currency } from '../source/currency.ts';
import { type Cells, type LeftOut, RowFault, type SourceKind } from '../source/source-kind.ts';
import { readStatus, STATUS_COLUMNS } from './status.ts';
import { readStay, STAY_COLUMNS } from './stay.ts';

const REQUIRED = [
  'hotel',
  'reserved_room_type',
  ...STAY_COLUMNS,
  ...STATUS_COLUMNS,
  'adr',
  'name',
  'email',
  'phone-number',
] as const;
const OPTIONAL = ['country', 'agent', 'company'] as const;

type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/**
 * Hotel bookings with the columns of the public data set "Hotel booking demand", and name, e-mail and phone. `credit_card` is
 * not among the columns: even four digits of a card have no use here, and what is not read cannot leak.
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

// What a booking has only in its contact details; all other columns say what it is.
const DETAIL_COLUMNS: readonly Column[] = ['name', 'email', 'phone-number', ...OPTIONAL];
const ERROR_VALUE = 'is an error value of a spreadsheet: correct or empty the cell';

/** Empties what a spreadsheet could not compute. Throws RowFault where a booking cannot do without it. */
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

/** What the source knew of the guest, as it was written there: also an address or a number that is none. */
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

/** The data set writes NULL where nothing is known. */
function given(text: string): string {
  const said = textOf(text);
  return said === 'NULL' ? '' : said;
}
