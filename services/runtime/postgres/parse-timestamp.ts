import pg from 'pg';

/** Type parsers of node-postgres, with a timestamp parser that is several times as fast. */
export const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    const parse = pg.types.getTypeParser(oid, format);
    if (oid !== pg.types.builtins.TIMESTAMPTZ || format === 'binary') return parse;
    return (text: string) => parseTimestamp(text) ?? parse(text);
  },
};

// The form of a timestamptz(3) in UTC: "2026-11-20 13:45:01.123+00", with up to three digits of fraction or
// none.
const SHORTEST = 22;
const LONGEST = 26;
const ZERO = 48;
const DOT = 46;

/** Parses a time as Postgres writes it in the time zone UTC. Undefined for any other form. */
export function parseTimestamp(text: string): Date | undefined {
  const { length } = text;
  if (length < SHORTEST || length > LONGEST || !text.endsWith('+00') || text[4] !== '-') return undefined;
  const fraction = length - SHORTEST - 1;
  if (fraction >= 0 && (fraction === 0 || text.charCodeAt(19) !== DOT)) return undefined;
  const year = 100 * two(text, 0) + two(text, 2);
  // Date.UTC maps such years to the last century.
  if (year < 100) return undefined;
  const ms = fraction > 0 ? digits(text, 20, fraction) * 10 ** (3 - fraction) : 0;
  return new Date(
    Date.UTC(year, two(text, 5) - 1, two(text, 8), two(text, 11), two(text, 14), two(text, 17), ms),
  );
}

function two(text: string, at: number): number {
  return 10 * (text.charCodeAt(at) - ZERO) + text.charCodeAt(at + 1) - ZERO;
}

function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = 10 * value + text.charCodeAt(i) - ZERO;
  return value;
}
