import { isSerialDate, textOf, wholeNumberOf } from '../source/cell.ts';
import { type Cells, RowFault } from '../source/source-kind.ts';

/** Columns that say when a stay is. */
export const STAY_COLUMNS = [
  'arrival_date_year',
  'arrival_date_month',
  'arrival_date_day_of_month',
  'stays_in_weekend_nights',
  'stays_in_week_nights',
] as const;

const DATE_COLUMNS = ['arrival_date_year', 'arrival_date_month', 'arrival_date_day_of_month'] as const;
const SERIAL_DATE =
  'is the serial number by which a spreadsheet keeps a date: write year, month and day into their columns';

/** When somebody stays. */
export interface Stay {
  /** YYYY-MM-DD. */
  readonly startDate: string;
  /** The day of leaving, YYYY-MM-DD; the same day for a stay without a night. */
  readonly endDate: string;
  readonly nights: number;
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const DAY_MS = 86_400_000;

/** Reads arrival and nights. Throws RowFault where there is no such day, or a count is not one. */
export function readStay(cells: Cells<(typeof STAY_COLUMNS)[number]>): Stay {
  const start = readArrival(cells);
  const nights = readNights(cells, 'stays_in_weekend_nights') + readNights(cells, 'stays_in_week_nights');
  return { startDate: toDate(start), endDate: toDate(start + nights * DAY_MS), nights };
}

function readArrival(cells: Cells<(typeof STAY_COLUMNS)[number]>): number {
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

function readNights(
  cells: Cells<(typeof STAY_COLUMNS)[number]>,
  column: 'stays_in_weekend_nights' | 'stays_in_week_nights',
): number {
  const text = wholeNumberOf(cells[column]);
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new RowFault(`${column} is not a number of nights from 0 to 999`);
}

function toDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
