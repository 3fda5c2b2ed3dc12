import type { Tally } from './tally.ts';

/** The end of an import as a person reads it, each line shorter than 80 columns but for a report's long name. */
export function toSummary(
  tally: Tally,
  { reportPath, elapsedMs }: { reportPath: string; elapsedMs: number },
): string[] {
  const { read, linked, unlinked, refused, reported, users } = tally;
  const seconds = (elapsedMs / 1000).toFixed(1);
  const gone = users.lost > 0 ? `, ${users.lost} gone since an earlier import` : '';
  const leftOut = tally.leftOut > 0 ? [`values left out: ${tally.leftOut}, listed there too`] : [];
  return [
    `rows: ${read} read = ${linked} linked + ${unlinked} unlinked + ${refused} refused`,
    `bookings: ${tally.bookingsCreated} created, ${tally.bookingsFound} already there`,
    `users: ${users.created} created, ${users.found} already there${gone}`,
    `time: ${seconds} s`,
    `rows that are not linked: ${reported}, listed in`,
    `  ${reportPath}`,
    ...leftOut,
  ];
}
