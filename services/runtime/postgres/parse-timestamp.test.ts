import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { parseTimestamp, TYPES } from './parse-timestamp.ts';

const parsePg = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text') as (text: string) => Date;

describe('a time as Postgres writes it', () => {
  it('is parsed as node-postgres parses it', () => {
    const times = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (time) => {
        const text = time
          .toISOString()
          .replace('T', ' ')
          .replace('Z', '+00')
          .replace(/\.?0*\+/, '+');
        expect(parseTimestamp(text)).toEqual(time);
        expect(parsePg(text)).toEqual(time);
      }),
    );
  });

  it.each([
    '2026-11-20 13:45:01.123456+00',
    '2026-11-20 13:45:01+02',
    '0044-03-15 12:00:00+00 BC',
    'infinity',
  ])('is left to node-postgres in another form: %s', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
    expect(TYPES.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text')(text)).toEqual(parsePg(text));
  });
});
