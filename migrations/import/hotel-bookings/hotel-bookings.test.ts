import { BookingStatus } from '@rollcall/contract/booking';
import { describe, expect, it } from 'vitest';
import { hotelCells } from '../testing/hotel-csv.ts';
import { hotelBookings } from './hotel-bookings.ts';

const EUR = { code: 'EUR', decimals: 2 };
const read = (changes: Parameters<typeof hotelCells>[0]) => hotelBookings.read(hotelCells(changes), EUR);

describe('hotelBookings', () => {
  it('makes a booking of a row', () => {
    const row = {
      hotel: 'Resort Hotel',
      reserved_room_type: 'C',
      arrival_date_year: '2015',
      arrival_date_month: 'July',
      arrival_date_day_of_month: '31',
      stays_in_weekend_nights: '1',
      stays_in_week_nights: '2',
      is_canceled: '0',
      reservation_status: 'Check-Out',
      adr: '107.42',
      name: 'Mrs. Ada  King',
      email: ' Ada@Example.com ',
      'phone-number': '555-0100',
      country: 'PRT',
      agent: '304',
      company: 'NULL',
    };
    expect(hotelBookings.read(row, EUR)).toEqual({
      booking: {
        title: 'Resort Hotel, room C',
        startDate: '2015-07-31',
        endDate: '2015-08-03',
        status: BookingStatus.COMPLETED,
        amount: { currencyCode: 'EUR', minorUnits: 32_226n },
        contactDetails: {
          name: 'Mrs. Ada  King',
          email: ' Ada@Example.com ',
          phone: '555-0100',
          country: 'PRT',
          agent: '304',
        },
      },
      person: { name: 'Mrs. Ada  King', email: 'Ada@Example.com', phone: '555-0100' },
    });
  });

  it('has no column for cards', () => {
    expect([...hotelBookings.required, ...hotelBookings.optional].join()).not.toMatch(/card/);
  });

  it.for([
    ['Check-Out', '0', BookingStatus.COMPLETED],
    ['Canceled', '1', BookingStatus.CANCELLED],
    ['No-Show', '1', BookingStatus.CANCELLED],
  ] as const)('takes %s as a status', ([reservation_status, is_canceled, status]) => {
    expect(read({ reservation_status, is_canceled }).booking.status).toBe(status);
  });

  it('knows leap days, and stays without a night', () => {
    const leapDay = {
      arrival_date_year: '2016',
      arrival_date_month: 'february',
      arrival_date_day_of_month: '29',
    };
    const stay = { ...leapDay, stays_in_weekend_nights: '0', stays_in_week_nights: '0' };
    expect(read(stay).booking).toMatchObject({ startDate: '2016-02-29', endDate: '2016-02-29' });
  });

  it('leaves the amount out where the rate is not known', () => {
    expect(read({ adr: '' }).booking).not.toHaveProperty('amount');
    expect(read({ adr: 'NULL' }).booking).not.toHaveProperty('amount');
  });

  it('sheet-files: reads whole numbers that a program wrote with .0, and cells that are formulas of a text', () => {
    const floats = { arrival_date_year: '2015.0', arrival_date_day_of_month: '1.0', is_canceled: '0.0' };
    const row = read({
      ...floats,
      stays_in_week_nights: '2.0',
      hotel: '="City"',
      'phone-number': '="0049 30 1"',
    });
    expect(row.booking).toMatchObject({
      startDate: '2015-07-01',
      endDate: '2015-07-03',
      title: 'City, room A',
    });
    expect(row.person.phone).toBe('0049 30 1');
  });

  it('sheet-files: leaves error values of a spreadsheet out and says where they are', () => {
    const row = read({ name: '#NAME?', country: '#N/A' });
    expect(row.person.name).toBe('');
    expect(row.booking.contactDetails).toEqual({ email: 'ada.king@example.com', phone: '555-0100' });
    expect(row.leftOut?.map(({ from }) => from)).toEqual(['name', 'country']);
  });

  it.for([
    [{ hotel: '#REF!' }, 'hotel is an error value of a spreadsheet: correct or empty the cell'],
    [{ adr: '#VALUE!' }, 'adr is an error value'],
    [
      { arrival_date_year: '42186' },
      'arrival_date_year is the serial number by which a spreadsheet keeps a date',
    ],
    [{ arrival_date_day_of_month: '42186.0' }, 'arrival_date_day_of_month is the serial number'],
  ] as const)('sheet-files: refuses %j: %s', ([changes, why]) => {
    expect(() => read(changes)).toThrow(why);
  });

  it.for([
    [{ hotel: ' ' }, 'hotel is empty'],
    [{ arrival_date_year: '15' }, 'arrival_date_year is not a year of four digits'],
    [{ arrival_date_month: '7' }, 'arrival_date_month is not the English name of a month'],
    [{ arrival_date_day_of_month: '' }, 'arrival_date_day_of_month is not a day of one or two digits'],
    [{ arrival_date_month: 'June', arrival_date_day_of_month: '31' }, 'is not a day of that month'],
    [{ arrival_date_day_of_month: '0' }, 'is not a day of that month'],
    [{ stays_in_week_nights: '-1' }, 'stays_in_week_nights is not a number of nights from 0 to 999'],
    [{ stays_in_weekend_nights: '1.5' }, 'stays_in_weekend_nights is not a number of nights'],
    [{ adr: '107,42' }, 'adr is not a decimal number such as 107.42'],
    [{ reservation_status: 'Gone' }, 'reservation_status is none of Check-Out, Canceled, No-Show'],
    [{ is_canceled: '1' }, 'is_canceled and reservation_status contradict each other'],
  ] as const)('refuses %j: %s', ([changes, why]) => {
    expect(() => read(changes)).toThrow(why);
  });
});
