import type { Outcome } from '../calls/book-row.ts';
import type { PeopleCounts } from '../calls/link-people.ts';

/** The counts of one import. */
export interface Tally {
  /** Rows that the file gave, counted as they were read. */
  read: number;
  linked: number;
  unlinked: number;
  refused: number;
  bookingsCreated: number;
  bookingsFound: number;
  /** Rows in the report that are not linked. */
  reported: number;
  /** Values in the report that were left out of what became of their rows. */
  leftOut: number;
  /** Number of people with a usable e-mail. */
  people: number;
  readonly users: PeopleCounts;
}

/** All counts at 0. */
export function createTally(): Tally {
  return {
    read: 0,
    linked: 0,
    unlinked: 0,
    refused: 0,
    bookingsCreated: 0,
    bookingsFound: 0,
    reported: 0,
    leftOut: 0,
    people: 0,
    users: { created: 0, found: 0, lost: 0 },
  };
}

/** Counts the result of a row. */
export function count(tally: Tally, outcome: Outcome): void {
  tally[outcome.kind] += 1;
  if (outcome.kind === 'refused') return;
  tally[outcome.isNew ? 'bookingsCreated' : 'bookingsFound'] += 1;
}

/** Returns each sum that does not add up, as a sentence. Empty when all do. */
export function wrongSums(tally: Tally): string[] {
  const { read, linked, unlinked, refused, reported, users } = tally;
  const sums: [string, number, Record<string, number>][] = [
    ['rows read', read, { linked, unlinked, refused }],
    [
      'rows imported',
      linked + unlinked,
      { created: tally.bookingsCreated, 'already there': tally.bookingsFound },
    ],
    ['rows reported', reported, { unlinked, refused }],
    [
      'people met',
      tally.people,
      { created: users.created, found: users.found, 'without a user': users.lost },
    ],
  ];
  return sums
    .filter(([, total, parts]) => total !== Object.values(parts).reduce((sum, part) => sum + part, 0))
    .map(([name, total, parts]) => {
      const text = Object.entries(parts).map(([part, size]) => `${size} ${part}`);
      return `${total} ${name} are not ${text.join(' + ')}`;
    });
}

/**
 * The end of an import as a person reads it, each line shorter than 80 columns but for a report's long name.
 */
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
