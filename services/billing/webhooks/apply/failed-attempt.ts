import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';

/** The number of attempts after which an event is dead, several hours after the first one. */
export const MAX_ATTEMPTS = 12;

const FIRST_MS = 1000;
const LONGEST_MS = 3_600_000;

/** The maximum delay with a margin for rounding, in ms. */
export const LONGEST_DELAY_MS = LONGEST_MS * 1.5 + 1000;

/**
 * The delay after a failed attempt, in ms: doubled each time, and multiplied by a random factor from 0.5
 * to 1.5, so that events that failed together are spread. Null after the last attempt.
 * @param attempts the number of attempts so far, 1 or more
 */
export function retryDelayMs(attempts: number, random: () => number = Math.random): number | null {
  if (attempts >= MAX_ATTEMPTS) return null;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1)) * (0.5 + random());
}

/**
 * Describes a failure for the ledger. It omits the messages of the database, which may repeat the content
 * of the event.
 */
export function faultText(error: unknown): string {
  if (error instanceof LedgerError) return `${error.reason}: ${error.message}`;
  const state = sqlState(error);
  if (state) return `DATABASE_REFUSED: ${state} ${violatedConstraint(error) ?? ''}`.trim();
  return `FAULT: ${error instanceof Error ? error.name : typeof error}`;
}
