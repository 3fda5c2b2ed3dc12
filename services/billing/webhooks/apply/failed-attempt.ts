import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';

/** How often an event is tried before it is dead. By then some hours have passed. */
export const MAX_ATTEMPTS = 12;

const FIRST_MS = 1000;
const LONGEST_MS = 3_600_000;

/** The longest delay, in ms, and a second for rounding. */
export const LONGEST_DELAY_MS = LONGEST_MS * 1.5 + 1000;

/**
 * How long to wait, in ms, after an attempt that failed: twice as long each time, and half to one and a half times that, so
 * that what failed together is not tried together. Null: it was the last one.
 * @param attempts how many there were, 1 or more
 */
export function retryDelayMs(attempts: number, random: () => number = Math.random): number | null {
  if (attempts >= MAX_ATTEMPTS) return null;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1)) * (0.5 + random());
}

/** What the ledger says of an event that failed: never what stands in it, which the database's own words may repeat. */
export function faultText(error: unknown): string {
  if (error instanceof LedgerError) return `${error.reason}: ${error.message}`;
  const state = sqlState(error);
  if (state) return `DATABASE_REFUSED: ${state} ${violatedConstraint(error) ?? ''}`.trim();
  return `FAULT: ${error instanceof Error ? error.name : typeof error}`;
}
