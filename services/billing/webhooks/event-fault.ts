import { isDatabaseUnavailable, sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { LedgerError } from '../ledger/ledger-error.ts';

/** Whether it is the database that is away, rather than the events that are at fault. */
export function isOutage(error: unknown): boolean {
  return isDatabaseUnavailable(error) && !STANDS_IN_THE_WAY.has(sqlState(error) ?? '');
}

// A statement that is too slow, a lock, a deadlock: fewer events at once may get through.
const STANDS_IN_THE_WAY = new Set(['57014', '55P03', '40P01', '40001']);

/** What the ledger says of an event that failed: never what stands in it, which the database's own words may repeat. */
export function faultText(error: unknown): string {
  if (error instanceof LedgerError) return `${error.reason}: ${error.message}`;
  const state = sqlState(error);
  if (state) return `DATABASE_REFUSED: ${state} ${violatedConstraint(error) ?? ''}`.trim();
  return `FAULT: ${error instanceof Error ? error.name : typeof error}`;
}
