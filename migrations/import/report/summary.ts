import type { Tally } from './tally.ts';

/** The end of an import as a person reads it: lines without line breaks. */
export function toSummary(
  tally: Tally,
  { reportPath, elapsedMs }: { reportPath: string; elapsedMs: number },
): string[] {
  const { read, linked, unlinked, refused, users } = tally;
  const rows: [string, number, string][] = [
    ['read', read, 'rows of the file'],
    ['linked', linked, 'became bookings of a user'],
    ['unlinked', unlinked, 'became bookings of nobody who is known; the report says why'],
    ['refused', refused, 'became nothing; the report says why'],
  ];
  const width = String(read).length;
  return [
    ...rows.map(([name, size, text]) => `${name.padEnd(9)} ${String(size).padStart(width)}  ${text}`),
    `read ${read} = ${linked} linked + ${unlinked} unlinked + ${refused} refused, in ${(elapsedMs / 1000).toFixed(1)} s`,
    `bookings: ${tally.bookingsCreated} created, ${tally.bookingsFound} already there`,
    `users: ${users.created} created, ${users.found} already there${users.lost ? `, ${users.lost} gone` : ''}`,
    `report: ${reportPath} (${tally.reported} rows)`,
  ];
}
